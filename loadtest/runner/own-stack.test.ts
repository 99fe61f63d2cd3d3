import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { readStack } from "../../local/stack-file.ts";
import { RunStoppedError } from "../stopping.ts";
import { startOwnStack } from "./own-stack.ts";

function dataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), "kv-own-stack-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe("the lab's own stack", () => {
  it("is stopped again when the run is stopped while it starts", async ({ expect }) => {
    const folder = dataDir();
    const stop = new AbortController();
    const starting = startOwnStack(() => {}, stop.signal, folder);
    setTimeout(() => stop.abort(), 300);
    await expect(starting).rejects.toThrow(RunStoppedError);
    expect(readStack(folder)).toBeNull();
    await expect(startOwnStack(() => {}, stop.signal, folder)).rejects.toThrow(RunStoppedError);
  });

  it("does not outlive a lab that was killed", async ({ expect }) => {
    const folder = dataDir();
    const module = JSON.stringify(new URL("./own-stack.ts", import.meta.url).href);
    const lab = spawn(
      process.execPath,
      [
        ...["--input-type=module", "-e"],
        `const { startOwnStack } = await import(${module});
        const own = await startOwnStack(() => {}, new AbortController().signal, ${JSON.stringify(folder)});
        console.log(own.stack().pid);`,
      ],
      {
        stdio: ["ignore", "pipe", "inherit"],
        // As from a shell: below npm the stack would look after itself anyway.
        env: { ...process.env, npm_lifecycle_event: undefined },
      },
    );
    onTestFinished(() => void lab.kill("SIGKILL"));
    const [pid] = await Promise.race([once(lab.stdout, "data"), once(lab, "exit")]);
    onTestFinished(async () => {
      const left = readStack(folder);
      if (left !== null) process.kill(left.pid, "SIGINT");
      await expect.poll(() => readStack(folder), { timeout: 20_000 }).toBeNull();
    });
    expect(readStack(folder)?.pid).toBe(Number(pid));
    lab.kill("SIGKILL");
    await expect.poll(() => readStack(folder), { timeout: 20_000, interval: 200 }).toBeNull();
  });
});
