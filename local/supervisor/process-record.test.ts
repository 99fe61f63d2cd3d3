import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { childrenOf, identify, isRunning } from "./process-identity.ts";
import { endLeftovers, ProcessRecord } from "./process-record.ts";

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), "process-record-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A process that goes on until it is killed; `script` may make it deaf to signals. */
async function running(script = ""): Promise<number> {
  const child = spawn(process.execPath, ["-e", `${script};setInterval(()=>{},1e9);console.log(1)`]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return child.pid ?? 0;
}

describe("a process's identity", () => {
  it("is the same while it runs, and none after", async ({ expect }) => {
    const pid = await running();
    const identity = identify(pid);
    expect(identify(pid)).toEqual(identity);
    expect(childrenOf(process.pid)).toContain(pid);
    process.kill(pid, "SIGKILL");
    await expect.poll(() => identify(pid)).toBeNull();
  });

  it("is none for one that has exited and waits for its parent", async ({ expect }) => {
    const parent = spawn("sh", ["-c", "sleep 60 & echo $!; wait"]);
    onTestFinished(() => void parent.kill("SIGKILL"));
    const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once("data", resolve)));
    parent.kill("SIGSTOP"); // a paused parent reaps nobody
    process.kill(pid, "SIGKILL");
    await expect.poll(() => identify(pid)).toBeNull();
    expect(childrenOf(parent.pid ?? 0)).toContain(pid);
  });

  it("differs from that of any other process", async ({ expect }) => {
    const pid = await running();
    const identity = identify(process.pid);
    expect(isRunning({ pid, startedAt: identity?.startedAt ?? "" })).toBe(false);
  });
});

describe("the record of what runs", () => {
  it("asks once who a process is: each time costs a process where there is no /proc", ({
    expect,
  }) => {
    const dir = folder();
    const asked: number[] = [];
    let started = 0;
    const record = new ProcessRecord(dir, (pid) => {
      asked.push(pid);
      started += 1;
      return { pid, startedAt: String(started) };
    });
    record.write(new Map([["main", 11]]));
    record.write(
      new Map([
        ["main", 11],
        ["worker", 12],
      ]),
    );
    record.write(new Map([["worker", 13]]));
    expect(asked).toEqual([11, 12, 13]);
    record.forget("worker");
    record.write(new Map([["worker", 13]]));
    expect(JSON.parse(readFileSync(join(dir, "processes.json"), "utf8"))).toEqual([
      { id: "worker", pid: 13, startedAt: "4" },
    ]);
  });
});

describe("endLeftovers", () => {
  it("ends recorded processes, also one that does not listen and one that is paused", async ({
    expect,
  }) => {
    const dir = folder();
    const polite = await running();
    const deaf = await running('process.on("SIGTERM",()=>{})');
    const paused = await running();
    process.kill(paused, "SIGSTOP");
    new ProcessRecord(dir).write(new Map(Object.entries({ polite, deaf, paused })));
    expect(await endLeftovers(dir)).toEqual(["polite", "deaf", "paused"]);
    expect([polite, deaf, paused].map(identify)).toEqual([null, null, null]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it("leaves a process alone that has got the pid of a recorded one", async ({ expect }) => {
    const dir = folder();
    const pid = await running();
    new ProcessRecord(dir).write(new Map([["main", pid]]));
    const path = join(dir, "processes.json");
    const [recorded] = JSON.parse(readFileSync(path, "utf8")) as { startedAt: string }[];
    writeFileSync(path, JSON.stringify([{ ...recorded, startedAt: "earlier" }]));
    expect(await endLeftovers(dir)).toEqual([]);
    expect(identify(pid)).not.toBeNull();
  });

  it("has nothing to do where nothing was recorded", async ({ expect }) => {
    expect(await endLeftovers(folder())).toEqual([]);
  });
});
