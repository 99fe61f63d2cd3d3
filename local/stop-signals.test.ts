import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, it, onTestFinished } from "vitest";

const MODULE = pathToFileURL(join(import.meta.dirname, "stop-signals.ts")).href;
const SOON = { timeout: 10_000, interval: 10 };
/** Says what it was asked, and ends when its input does. */
const PROGRAM = `
  const { onStopSignal } = await import(${JSON.stringify(MODULE)});
  onStopSignal(() => console.log("stopping"));
  console.log("running");
  process.stdin.on("data", (text) => console.log(String(text))).on("end", () => console.log("stopped"));`;

describe("a program that is asked to stop", () => {
  it.for(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "by %s hears it once, and is not cut short by being asked again",
    async (name, { expect }) => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM]);
      onTestFinished(() => void child.kill("SIGKILL"));
      let printed = "";
      child.stdout.on("data", (chunk: Buffer) => {
        printed += chunk.toString();
      });
      const closed = once(child, "close");
      await expect.poll(() => printed, SOON).toBe("running\n");
      child.kill(name);
      await expect.poll(() => printed, SOON).toBe("running\nstopping\n");
      child.kill("SIGINT");
      child.kill("SIGTERM");
      child.stdin.end("still here");
      expect(await closed).toEqual([0, null]);
      expect(printed).toBe("running\nstopping\nstill here\nstopped\n");
    },
  );
});
