import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { takeDataLock } from "./data-lock.ts";

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "data-lock-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

describe("the lock of a data folder", () => {
  it("is taken once, and a second start learns who has it", ({ expect }) => {
    const dir = folder();
    expect(takeDataLock(dir, "http://127.0.0.1:1").kind).toBe("taken");
    expect(takeDataLock(dir, "http://127.0.0.1:2")).toMatchObject({
      kind: "held",
      holder: { pid: process.pid, url: "http://127.0.0.1:1" },
    });
  });

  it("is free again after its release, and leaves nothing behind", ({ expect }) => {
    const dir = folder();
    const outcome = takeDataLock(dir, "u");
    if (outcome.kind === "taken") outcome.release();
    expect(readdirSync(dir)).toEqual([]);
    expect(takeDataLock(dir, "u").kind).toBe("taken");
  });

  it("is taken over from a holder that is gone, also when its pid is another process now", ({
    expect,
  }) => {
    const dir = folder();
    const reused = { pid: process.pid, startedAt: "another process", url: "u" };
    writeFileSync(join(dir, "lock.json"), JSON.stringify(reused));
    expect(takeDataLock(dir, "u").kind).toBe("taken");
    expect(readdirSync(dir)).toEqual(["lock.json"]);
  });

  it("is taken over when it cannot be read", ({ expect }) => {
    const dir = folder();
    writeFileSync(join(dir, "lock.json"), "{");
    expect(takeDataLock(dir, "u").kind).toBe("taken");
  });
});
