import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import {
  ManagedProcess,
  type ProcessEvent,
  type ProcessPlan,
  restartDelayMs,
} from "./managed-process.ts";
import { childrenOf, identify } from "./process-identity.ts";

/** Says `ready` and goes on, unless told otherwise. */
const SERVE = 'process.send({type:"ready"});setInterval(()=>{},1e9);';

interface Watched {
  readonly process: ManagedProcess;
  readonly events: ProcessEvent[];
}

function managed(script: string, more: Partial<ProcessPlan> = {}): Watched {
  const events: ProcessEvent[] = [];
  const plan: ProcessPlan = {
    id: "one",
    kind: "gateway",
    stopGraceMs: 1000,
    launch: () => ({ command: process.execPath, args: ["-e", script], hasChannel: true }),
    ...more,
  };
  const made = new ManagedProcess(plan, (_, event) => events.push(event));
  onTestFinished(() => made.stop());
  return { process: made, events };
}

const isAlive = (pid: number) => identify(pid) !== null;

describe("a managed process", () => {
  it("serves when it says so, and is started once however often it is asked", async ({
    expect,
  }) => {
    const { process: one, events } = managed(SERVE);
    await Promise.all([one.start(), one.start()]);
    expect(one.snapshot()).toMatchObject({ state: "up", restarts: 0 });
    expect(events.map(({ kind }) => kind)).toEqual(["spawned", "ready"]);
  });

  it("comes back with another pid when it dies", async ({ expect }) => {
    const { process: one, events } = managed(SERVE);
    await one.start();
    const { pid } = one.snapshot();
    globalThis.process.kill(pid, "SIGKILL");
    await expect.poll(() => one.snapshot().restarts).toBe(1);
    await expect.poll(() => one.snapshot().state).toBe("up");
    expect(one.snapshot().pid).not.toBe(pid);
    expect(events).toContainEqual({ kind: "died", cause: "SIGKILL" });
  });

  it("takes what it had started with it when it dies", async ({ expect }) => {
    const { process: one } = managed(
      `const c=require("child_process").spawn(process.execPath,["-e","setInterval(()=>{},1e9)"]);
       process.send({type:"ready",workerPid:c.pid});setInterval(()=>{},1e9);`,
    );
    await one.start();
    const { pid, workerPid } = one.snapshot();
    expect(childrenOf(pid)).toEqual([workerPid]);
    globalThis.process.kill(pid, "SIGKILL");
    await expect.poll(() => isAlive(workerPid)).toBe(false);
  });

  it("stays down when it is held, until it is started", async ({ expect }) => {
    const { process: one, events } = managed(SERVE);
    await one.start();
    const { pid } = one.snapshot();
    await one.kill({ isHeld: true });
    expect(isAlive(pid)).toBe(false);
    expect(one.snapshot()).toMatchObject({ state: "held", pid, restarts: 0 });
    await one.start();
    expect(one.snapshot()).toMatchObject({ state: "up", restarts: 1 });
    expect(events.filter(({ kind }) => kind === "died")).toEqual([]);
  });

  it("says why its first start failed, and does not repeat it", async ({ expect }) => {
    const { process: one } = managed('process.send({type:"failed",message:"no room"});');
    await expect(one.start()).rejects.toThrow("no room");
    expect(one.snapshot()).toMatchObject({ state: "stopped", restarts: 0 });
  });

  it("says so when the program is not there", async ({ expect }) => {
    const { process: one } = managed("", {
      launch: () => ({ command: "/no/such/program", args: [], hasChannel: true }),
    });
    await expect(one.start()).rejects.toThrow("ENOENT");
  });

  it("is killed after the grace when it does not stop by itself", async ({ expect }) => {
    const { process: one } = managed(`process.on("SIGTERM",()=>{});${SERVE}`, { stopGraceMs: 50 });
    await one.start();
    const { pid } = one.snapshot();
    await one.stop();
    expect(isAlive(pid)).toBe(false);
    expect(one.snapshot().state).toBe("stopped");
  });

  it("can be stopped while it never gets ready, and while it is paused", async ({ expect }) => {
    const { process: never } = managed("setInterval(()=>{},1e9)");
    const started = never.start();
    started.catch(() => undefined);
    await never.stop();
    await expect(started).rejects.toThrow("SIGTERM");
    const { process: paused } = managed(SERVE);
    await paused.start();
    expect(paused.pause()).toBe(true);
    expect(paused.pause()).toBe(false);
    await paused.stop();
    expect(paused.resume()).toBe(false);
    expect(isAlive(paused.snapshot().pid)).toBe(false);
  });

  it("stops in good order also when it was paused", async ({ expect }) => {
    const dir = mkdtempSync(join(tmpdir(), "managed-process-"));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const marker = join(dir, "stopped");
    const { process: one } = managed(
      `process.on("SIGTERM",()=>{require("fs").writeFileSync(${JSON.stringify(marker)},"");process.exit()});${SERVE}`,
      { stopGraceMs: 10_000 },
    );
    await one.start();
    one.pause();
    await one.stop();
    expect(existsSync(marker)).toBe(true);
  });

  it("removes its data only while it is down", async ({ expect }) => {
    const seen: boolean[] = [];
    const { process: one } = managed(SERVE, {
      wipe: async () => {
        seen.push(isAlive(one.snapshot().pid));
      },
    });
    await one.start();
    await one.wipe();
    expect(seen).toEqual([false]);
    expect(one.snapshot()).toMatchObject({ state: "up", restarts: 1 });
  });

  it("tells of a new worker behind the same process", async ({ expect }) => {
    const { process: one, events } = managed(
      'process.send({type:"ready",workerPid:11});process.on("message",(m)=>process.send({type:"ready",workerPid:12}));',
    );
    await one.start();
    expect(one.snapshot().workerPid).toBe(11);
    one.ask<"counters">({ type: "counters" }).catch(() => undefined);
    await expect.poll(() => one.snapshot().workerPid).toBe(12);
    expect(events.at(-1)).toEqual({ kind: "worker-replaced" });
  });

  it("hands each answer to its question, and says when there can be none", async ({ expect }) => {
    const { process: one } = managed(
      `process.on("message",(m)=>{if(m.type==="counters")setTimeout(()=>process.send({type:"counters",id:m.id,counters:{x:{id:m.id}}}),20/m.id)
       else process.exit()});process.send({type:"ready"});`,
    );
    await expect(one.ask<"counters">({ type: "counters" })).rejects.toThrow("one is down");
    await one.start();
    const answers = await Promise.all(
      [1, 2, 3].map(() => one.ask<"counters">({ type: "counters" })),
    );
    expect(answers.map(({ counters }) => counters)).toEqual([1, 2, 3].map((id) => ({ x: { id } })));
    await expect(one.ask<"list-faults">({ type: "list-faults" })).rejects.toThrow("died");
  });

  it("may be known to serve by something else than its word", async ({ expect }) => {
    const { process: one } = managed("", {
      launch: () => ({
        command: "sleep",
        args: ["60"],
        hasChannel: false,
        untilReady: () => Promise.resolve(),
      }),
    });
    await one.start();
    expect(one.snapshot().state).toBe("up");
  });
});

describe("restartDelayMs", () => {
  it("is nothing at first, then grows to a second and no further", ({ expect }) => {
    expect([0, 1, 2, 3, 4, 6, 7, 100].map(restartDelayMs)).toEqual([
      0, 0, 50, 100, 200, 800, 1000, 1000,
    ]);
  });
});
