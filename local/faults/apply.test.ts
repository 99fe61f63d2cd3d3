import { once } from "node:events";
import { createServer } from "node:http";
import { describe, it, onTestFinished } from "vitest";
import { refuseConnection, replyWithFaults } from "./apply.ts";
import { FaultEngine } from "./engine.ts";
import type { FaultSpec } from "./fault.ts";

/** An HTTP server whose store counts how often it was asked. */
async function countingServer(...specs: readonly FaultSpec[]) {
  const faults = new FaultEngine();
  for (const spec of specs) faults.add(spec);
  const closing = new AbortController();
  const seen = { applied: 0, finished: 0 };
  const server = createServer((request, response) => {
    if (refuseConnection(faults, "main", request)) return;
    const apply = async () => {
      seen.applied += 1;
      return { status: 200, headers: {}, body: JSON.stringify({ result: seen.applied }) };
    };
    void replyWithFaults({
      faults,
      target: "main",
      label: "INCR",
      request,
      response,
      closing: closing.signal,
      apply,
      storeError: (status, message) => ({
        status,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ error: message }),
      }),
    }).then(() => {
      seen.finished += 1;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    closing.abort();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  const url = `http://127.0.0.1:${address.port}/`;
  return { url, seen, faults, close: () => closing.abort() };
}

const until = async (done: () => boolean) => {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
};

describe("replyWithFaults", () => {
  it("answers untouched when nothing is to go wrong", async ({ expect }) => {
    const { url, seen } = await countingServer();
    expect(await (await fetch(url)).json()).toEqual({ result: 1 });
    expect(seen.applied).toBe(1);
  });

  it("kills a refused connection without applying", async ({ expect }) => {
    const { url, seen } = await countingServer({ target: "main", kind: "refuse", count: 1 });
    await expect(fetch(url)).rejects.toThrow();
    expect(seen.applied).toBe(0);
    expect((await fetch(url)).status).toBe(200);
  });

  it("drops a request without applying it", async ({ expect }) => {
    const { url, seen } = await countingServer({ target: "main", kind: "drop-request" });
    await expect(fetch(url)).rejects.toThrow();
    expect(seen.applied).toBe(0);
  });

  it("applies a request whose response it drops", async ({ expect }) => {
    const { url, seen } = await countingServer({ target: "main", kind: "drop-response" });
    await expect(fetch(url)).rejects.toThrow();
    expect(seen.applied).toBe(1);
  });

  it("answers an error in the store's own form without applying", async ({ expect }) => {
    const { url, seen } = await countingServer({
      target: "main",
      kind: "error",
      status: 503,
      message: "ERR no",
    });
    const response = await fetch(url);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ error: "ERR no" });
    expect(seen.applied).toBe(0);
  });

  it("applies a request that it answers with garbage", async ({ expect }) => {
    const { url, seen } = await countingServer({ target: "main", kind: "garbage" });
    const response = await fetch(url);
    expect(response.status).toBe(200);
    await expect(response.json()).rejects.toThrow();
    expect(seen.applied).toBe(1);
  });

  it("shows the first reply of a duplicated request and applies it again later", async ({
    expect,
  }) => {
    const { url, seen } = await countingServer({ target: "main", kind: "duplicate", delayMs: 30 });
    expect(await (await fetch(url)).json()).toEqual({ result: 1 });
    await until(() => seen.finished === 1);
    expect(seen.applied).toBe(2);
  });

  it("applies a delayed request although its client has gone", async ({ expect }) => {
    const { url, seen } = await countingServer({ target: "main", kind: "delay", delayMs: 60 });
    await expect(fetch(url, { signal: AbortSignal.timeout(20) })).rejects.toThrow();
    expect(seen.applied).toBe(0);
    await until(() => seen.finished === 1);
    expect(seen.applied).toBe(1);
  });

  it("applies at once a request whose response it delays", async ({ expect }) => {
    const { url, seen } = await countingServer({
      target: "main",
      kind: "delay-response",
      delayMs: 40,
    });
    const startedMs = performance.now();
    const reply = fetch(url);
    await until(() => seen.applied === 1);
    await (await reply).text();
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(39);
  });

  it("applies nothing once the server closes", async ({ expect }) => {
    const { url, seen, faults, close } = await countingServer({
      target: "main",
      kind: "delay",
      delayMs: 60_000,
    });
    const client = new AbortController();
    const reply = fetch(url, { signal: client.signal });
    await until(() => faults.list()[0]?.hits === 1);
    close();
    await until(() => seen.finished === 1);
    expect(seen.applied).toBe(0);
    client.abort();
    await expect(reply).rejects.toThrow();
  });
});
