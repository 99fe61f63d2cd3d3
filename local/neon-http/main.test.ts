import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { neon, neonConfig } from "@neondatabase/serverless";
import { afterEach, beforeEach, describe, it } from "vitest";
import type { ChildMessage, SupervisorRequest } from "../supervisor/child-protocol.ts";
import { temporaryPgliteFolder } from "./pglite-fixture.ts";

const MAIN = join(import.meta.dirname, "main.ts");

describe("neon-http as a child process", () => {
  let folder: string;
  let children: ChildProcess[];
  beforeEach(async () => {
    folder = await temporaryPgliteFolder();
    children = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill("SIGKILL");
    await rm(dirname(folder), { recursive: true, force: true });
  });

  const start = () => {
    const child = fork(MAIN, ["--data", folder, "--port", "0", "--password", "secret"]);
    children.push(child);
    return child;
  };
  const ready = async (child: ChildProcess) => {
    const [message] = (await once(child, "message")) as [ChildMessage];
    if (message.type !== "ready") throw new Error(JSON.stringify(message));
    neonConfig.fetchEndpoint = (host, port) => `http://${host}:${port}/sql`;
    return { message, sql: neon(`postgres://local:secret@127.0.0.1:${message.port}/local`) };
  };
  const ask = async (child: ChildProcess, request: SupervisorRequest) => {
    const answer = once(child, "message");
    child.send(request);
    return ((await answer) as [ChildMessage])[0];
  };

  it("says that it is ready, counts, and takes faults", async ({ expect }) => {
    const child = start();
    const { message, sql } = await ready(child);
    expect(message).toEqual({
      type: "ready",
      port: expect.any(Number),
      url: `http://127.0.0.1:${"port" in message ? message.port : 0}/sql`,
    });
    await sql.transaction([sql`SELECT 1`, sql`SELECT 2`]);
    expect(await ask(child, { type: "counters", id: 1 })).toEqual({
      type: "counters",
      id: 1,
      counters: { postgres: { requests: 1, statements: 2 } },
    });
    expect(await ask(child, { type: "reset-counters", id: 2 })).toEqual({
      type: "reset-counters",
      id: 2,
    });
    expect(await ask(child, { type: "counters", id: 3 })).toMatchObject({
      counters: { postgres: { requests: 0, statements: 0 } },
    });
    const fault = { id: "a", hits: 0, target: "postgres", kind: "error", count: 1 } as const;
    expect(await ask(child, { type: "faults", id: 4, faults: [fault] })).toEqual({
      type: "faults",
      id: 4,
    });
    await expect(sql`SELECT 1`).rejects.toThrow("HTTP status 500");
    expect(await sql`SELECT 1 AS a`).toEqual([{ a: 1 }]);
    expect(await ask(child, { type: "list-faults", id: 5 })).toMatchObject({
      faults: [],
      exhausted: ["a"],
    });
  });

  it("goes with its supervisor, even in the middle of a query", async ({ expect }) => {
    const child = start();
    const { sql } = await ready(child);
    const query = sql`SELECT pg_sleep(60)`.catch(() => "ended");
    while ((await countedRequests(child)) < 1);
    child.disconnect();
    await once(child, "exit");
    expect(await query).toBe("ended");
  });

  it("closes its data at SIGTERM and finds it again", async ({ expect }) => {
    const first = start();
    await (await ready(first)).sql`CREATE TABLE kept AS SELECT 1 AS id`;
    first.kill("SIGTERM");
    expect(await once(first, "exit")).toEqual([0, null]);
    const { sql } = await ready(start());
    expect(await sql`SELECT id FROM kept`).toEqual([{ id: 1 }]);
  });

  it("waits for a predecessor that was killed a moment ago, and finds what it answered", async ({
    expect,
  }) => {
    const first = start();
    await (await ready(first)).sql`CREATE TABLE kept AS SELECT 1 AS id`;
    const second = start();
    first.kill("SIGKILL");
    const { sql } = await ready(second);
    expect(await sql`SELECT id FROM kept`).toEqual([{ id: 1 }]);
  });

  it("says why it cannot start, to its supervisor or to a person", async ({ expect }) => {
    const child = fork(MAIN, ["--data", MAIN, "--port", "0", "--password", "secret"]);
    children.push(child);
    const [message] = await once(child, "message");
    expect(message).toEqual({
      type: "failed",
      message: expect.stringContaining("is not a folder"),
    });
    expect(await once(child, "exit")).toEqual([1, null]);
    const alone = spawn(process.execPath, [MAIN], { stdio: ["ignore", "ignore", "pipe"] });
    const [text] = await once(alone.stderr, "data");
    expect(String(text)).toContain("usage: node local/neon-http/main.ts --data DIR");
  });

  async function countedRequests(child: ChildProcess): Promise<number> {
    const answer = await ask(child, { type: "counters", id: 0 });
    if (answer.type !== "counters") return 0;
    const [{ requests = 0 } = {}] = Object.values(answer.counters);
    return requests;
  }
});
