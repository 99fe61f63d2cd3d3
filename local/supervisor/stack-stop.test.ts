import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { freeBases, spawnStart } from "../testing/started-stack.ts";
import { identify } from "./process-identity.ts";
import { LocalStack } from "./stack.ts";

const STOPPED_WITHIN_MS = 5000;

/** A folder of programs with a redis-server whose replicas never get in: they forget the primary's password. */
function redisServerWithoutLinks(dir: string): string {
  const real = execFileSync("sh", ["-c", "command -v redis-server"], { encoding: "utf8" }).trim();
  const programs = join(dir, "programs");
  const script = `#!/bin/sh\ncase $1 in *.conf) sed -i.bak /^masterauth/d "$1";; esac\nexec "${real}" "$@"\n`;
  mkdirSync(programs);
  writeFileSync(join(programs, "redis-server"), script);
  chmodSync(join(programs, "redis-server"), 0o755);
  return programs;
}

async function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

describe("a stack that was stopped before it had started", () => {
  it("does not start, and gives its data folder back", async ({ expect }) => {
    const dataDir = mkdtempSync(join(tmpdir(), "stack-stop-"));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    const stack = new LocalStack({
      root: dataDir,
      dataDir,
      bases: await freeBases(),
      isSingleDatabase: true,
      worker: () => Promise.reject(new Error("there is no Worker")),
      say: () => undefined,
    });
    await stack.stop();
    await expect(stack.start()).rejects.toThrow("stopped while starting");
    expect(readdirSync(dataDir)).toEqual([]);
  });
});

describe("Ctrl-C while the stack starts", () => {
  it("ends it also in the last phase, while a replica does not follow its primary", async ({
    expect,
  }) => {
    const dir = mkdtempSync(join(tmpdir(), "stack-stop-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const dataDir = join(dir, "data");
    const { PATH = "" } = process.env;
    const env = { PATH: [redisServerWithoutLinks(dir), PATH].join(delimiter) };
    const bases = await freeBases();
    const { process: stack, output } = spawnStart({ bases, dataDir, env });
    onTestFinished(() => void stack.kill("SIGKILL"));
    while (!(await isReady(bases.port))) if (stack.exitCode !== null) throw new Error(output());
    const recorded = readFileSync(join(dataDir, "processes.json"), "utf8");
    const pids = (JSON.parse(recorded) as { pid: number }[]).map(({ pid }) => pid);
    expect(existsSync(join(dataDir, "stack.json"))).toBe(false);

    stack.kill("SIGINT");
    const [code] = await once(stack, "exit", { signal: AbortSignal.timeout(STOPPED_WITHIN_MS) });

    expect(code).toBe(1);
    expect(output()).toContain("stopped while starting");
    expect(pids.length).toBeGreaterThan(15);
    expect(pids.filter((pid) => identify(pid) !== null)).toEqual([]);
    for (const name of ["stack.json", "processes.json", "lock.json", "dev.vars"]) {
      expect(existsSync(join(dataDir, name))).toBe(false);
    }
  });
});
