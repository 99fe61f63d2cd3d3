import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, it } from "vitest";
import { RUN_FILE, readRun } from "./run-file/store.ts";

const HERE = import.meta.dirname;
const STAND_IN = fileURLToPath(new URL("./testing/k6-stand-in.ts", import.meta.url));
/** Nobody listens there, and nobody is asked: the stand-in sends nothing. */
const NOWHERE = ["--target", "http://127.0.0.1:1", "--key", "k"];

const folder = mkdtempSync(join(tmpdir(), "kv-lab-test-"));
const pidFile = join(folder, "pid");
beforeAll(() => {
  const k6 = join(folder, "k6");
  writeFileSync(k6, `#!/bin/sh\nexec "${process.execPath}" "${STAND_IN}" "$@"\n`);
  chmodSync(k6, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

const environment = (standIn: string) => ({
  ...process.env,
  PATH: `${folder}${delimiter}${process.env["PATH"]}`,
  STAND_IN: standIn,
  STAND_IN_PID: pidFile,
});

interface Ended {
  readonly code: number | null;
  readonly said: string;
  readonly complained: string;
}

function start(program: "lab.ts" | "bench.ts", args: readonly string[], standIn = "") {
  const child = spawn(process.execPath, [join(HERE, program), ...args], {
    env: environment(standIn),
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { child, ended: outcome(child) };
}

async function outcome(child: ChildProcess): Promise<Ended> {
  let [said, complained] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    complained += chunk.toString();
  });
  const [code] = await once(child, "close");
  return { code, said, complained };
}

/** The only run in that folder. */
const runIn = (out: string) => readRun(join(out, readdirSync(out)[0] ?? "", RUN_FILE));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("the lab's exit code", () => {
  it("is 1 for a run with one wrong answer, which is written and not ranked", async ({
    expect,
  }) => {
    const out = join(folder, "wrong");
    const args = ["--pattern", "leaderboard", "--out", out, ...NOWHERE];
    const { code, said } = await start("lab.ts", args, "wrong").ended;
    expect(code).toBe(1);
    expect(said).toContain("INVALID: these numbers mean nothing");
    expect(said).toContain("leaderboard, light: 1 answers were errors or wrong: wrong_score");
    expect(said).not.toContain("Selection guide");
    expect(runIn(out).verdict.valid).toBe(false);
  });

  it("is 1 where a reader went back behind another one, of a pattern that promises one order", async ({
    expect,
  }) => {
    const args = ["--pattern", "leaderboard", "--out", join(folder, "back"), ...NOWHERE];
    const { code, said } = await start("lab.ts", args, "goes-back").ended;
    expect(code).toBe(1);
    expect(said).toMatch(/violated: .* \(key k: read version 1 after 2 was read or acknowledged\)/);
  });

  it("is 2 for what a deployment would cost, until that is agreed to", async ({ expect }) => {
    const args = ["--pattern", "leaderboard", "--target", "https://kv.example.com", "--key", "k"];
    const { code, said } = await start("lab.ts", args).ended;
    expect(code).toBe(2);
    expect(said).toMatch(/at most about [\d,]+ requests to kv\.example\.com/);
    expect(said).toContain("Add --yes");
  });

  it("is 2 for wrong arguments, with a sentence and no stack, in the bench too", async ({
    expect,
  }) => {
    for (const [program, args] of [
      ["lab.ts", ["--pattern", "leaderbord"]],
      ["bench.ts", ["--steady", "--only", "leaderbord"]],
      ["bench.ts", ["--only", "leaderbord-top"]],
      ["bench.ts", ["--pairs", "1"]],
    ] as const) {
      const { code, complained } = await start(program, args).ended;
      expect(code).toBe(2);
      expect(complained).not.toMatch(/\n\s+at /);
      expect(complained).toMatch(/leaderboard|at least 4/);
    }
  });
});

describe("a lab that does not come to its end", () => {
  const args = (out: string) => [
    ...["--pattern", "leaderboard", "--tier", "light,medium"],
    ...["--out", out, ...NOWHERE],
  ];

  it("keeps what it measured before a load failed, as an invalid run", async ({ expect }) => {
    const out = join(folder, "failed");
    const { code, complained } = await start("lab.ts", args(out), "fails").ended;
    expect(code).toBe(1);
    expect(complained).toContain("k6 sent no request");
    const run = runIn(out);
    expect(run.measurements.map(({ tier }) => tier)).toEqual(["light"]);
    expect(run.verdict.valid).toBe(false);
    expect(run.verdict.reasons.at(-1)).toBe(
      "leaderboard, medium: the load failed; 1 of 2 loads were measured",
    );
    expect(JSON.stringify(run)).not.toContain("/a/private/path");
    expect(readFileSync(join(out, run.id, "report.html"), "utf8")).toContain("Invalid run");
  });

  it("keeps it when it is stopped, also twice, and leaves no k6 behind", async ({ expect }) => {
    const out = join(folder, "stopped");
    const { child, ended } = start("lab.ts", args(out), "hangs");
    await expect.poll(() => existsSync(pidFile), { timeout: 30_000 }).toBe(true);
    child.kill("SIGINT");
    child.kill("SIGINT");
    const { code, complained } = await ended;
    expect(code).toBe(1);
    expect(complained).toContain("The run was stopped.");
    expect(runIn(out).verdict.reasons.at(-1)).toBe(
      "leaderboard, medium: the run was stopped; 1 of 2 loads were measured",
    );
    expect(isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
  });

  it("is stopped by a terminal that closes", async ({ expect }) => {
    rmSync(pidFile, { force: true });
    const { child, ended } = start("lab.ts", args(join(folder, "hangup")), "hangs");
    await expect.poll(() => existsSync(pidFile), { timeout: 30_000 }).toBe(true);
    child.kill("SIGHUP");
    expect((await ended).code).toBe(1);
  });
});
