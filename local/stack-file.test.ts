import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { readStack, removeStackFile, type StackFile, writeStackFile } from "./stack-file.ts";

const redis = { id: "main", url: "http://127.0.0.1:2", token: "t", port: 1, pid: 1 };
const stack: StackFile = {
  url: "http://127.0.0.1:1",
  key: "k",
  pid: process.pid,
  worker: { pid: 2 },
  redis: { main: redis, nodes: [], shards: [] },
  postgres: { url: "postgres://local:p@127.0.0.1:3/local", sqlUrl: "http://127.0.0.1:3/sql" },
  faults: { url: "http://127.0.0.1:4" },
};

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "stack-file-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

describe("stack.json", () => {
  it("reads back what was written, readable by its owner only", ({ expect }) => {
    const dir = join(folder(), "made");
    writeStackFile(dir, stack);
    expect(readStack(dir)).toEqual(stack);
    expect(statSync(join(dir, "stack.json")).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir)).toEqual(["stack.json"]);
  });

  it("is no stack when its supervisor is gone", async ({ expect }) => {
    const dir = folder();
    const gone = spawn(process.execPath, ["-e", ""]);
    await once(gone, "exit");
    writeStackFile(dir, { ...stack, pid: gone.pid ?? 0 });
    expect(readStack(dir)).toBeNull();
  });

  it("is no stack once it was removed, however often", ({ expect }) => {
    const dir = folder();
    writeStackFile(dir, stack);
    removeStackFile(dir);
    removeStackFile(dir);
    expect(readStack(dir)).toBeNull();
  });
});
