import { spawn } from "node:child_process";
import { describe, it, onTestFinished } from "vitest";
import { identify } from "./process-identity.ts";

const MODULE = new URL("./launcher.ts", import.meta.url).href;
const WATCH = `
  const { whenLauncherGone } = await import(${JSON.stringify(MODULE)});
  whenLauncherGone(() => process.exit());
  setInterval(() => {}, 1e9);
  console.log(process.pid);`;

/**
 * As npm starts a script: a process, a shell below it, and the script below that. Resolves with the pids of the
 * first and the last.
 */
async function launched(env: NodeJS.ProcessEnv): Promise<{ npm: number; script: number }> {
  const npm = spawn(
    process.execPath,
    [
      "-e",
      `require("child_process").spawn("sh",["-c",'"$0" --input-type=module -e "$WATCH"; true',process.execPath],{stdio:"inherit"});`,
    ],
    { env: { ...process.env, ...env, WATCH }, stdio: ["ignore", "pipe", "inherit"] },
  );
  const script = Number(await new Promise<Buffer>((resolve) => npm.stdout?.once("data", resolve)));
  onTestFinished(() => {
    for (const pid of [npm.pid ?? 0, script])
      if (identify(pid) !== null) process.kill(pid, "SIGKILL");
  });
  return { npm: npm.pid ?? 0, script };
}

describe("a script that npm started", () => {
  it("notices that npm was killed", async ({ expect }) => {
    const { npm, script } = await launched({ npm_lifecycle_event: "start" });
    expect(identify(script)).not.toBeNull();
    process.kill(npm, "SIGKILL");
    await expect.poll(() => identify(script), { timeout: 5000 }).toBeNull();
  });
});
