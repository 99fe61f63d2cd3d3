import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, inject, it, type MockInstance, vi } from "vitest";
import { startShell } from "../testing/shell.ts";
import { PROBE_MS } from "./probe.ts";
import type { Readiness } from "./readiness.ts";

const shell = (bindings: Readonly<Record<string, string>> = {}) =>
  startShell({ env, key: "nobody", bindings });

const bindings = inject("workerBindings");
const url = bindings["UPSTASH_REDIS_REST_URL"] ?? "";
const token = bindings["UPSTASH_REDIS_REST_TOKEN"] ?? "";
const REFUSED = "http://127.0.0.1:1";

let fetched: MockInstance<typeof fetch>;

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  fetched = vi.spyOn(globalThis, "fetch");
});

afterEach(() => vi.restoreAllMocks());

describe("/health/live", () => {
  it("answers without asking anybody", async ({ expect }) => {
    const answer = await shell({ API_KEYS: "", DATABASE_URL: "" }).call("/health/live");
    expect([answer.status, answer.json()]).toEqual([200, { status: "live" }]);
    expect(fetched).not.toHaveBeenCalled();
  });
});

describe("/health/ready", () => {
  it("is 200 when everything answers, and says what is not promised", async ({ expect }) => {
    const answer = await shell().call("/health/ready");
    expect(answer.status).toBe(200);
    const readiness = answer.json() as Readiness;
    expect(readiness).toMatchObject({
      status: "ready",
      durability: "single-database",
      configuration: [],
    });
    expect(readiness.notPromised.join(" ")).toMatch(/nothing survives the loss of the database/);
    expect(readiness.dependencies).toEqual(
      ["redis", "postgres", "metrics-hub"].map((name) => ({
        name,
        state: "up",
        latencyMs: expect.any(Number),
      })),
    );
  });

  it("asks each node and shard, and names the one that is down", async ({ expect }) => {
    const here = { url, token };
    const answer = await shell({
      REDIS_NODES: JSON.stringify([
        { id: "node-1", role: "voter", ...here },
        { id: "node-2", role: "spare", url: REFUSED, token },
      ]),
      REDIS_SHARDS: JSON.stringify([
        { id: "shard-1", primary: here, replicas: [{ id: "r1", url, token: "wrong" }] },
      ]),
    }).call("/health/ready");
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "1"]);
    const readiness = answer.json() as Readiness;
    expect(readiness).toMatchObject({
      status: "not_ready",
      durability: "replicated",
      notPromised: [],
    });
    expect(readiness.dependencies.map(({ name, state, detail }) => [name, state, detail])).toEqual([
      ["redis", "up", undefined],
      ["node/node-1", "up", undefined],
      ["node/node-2", "down", "unreachable"],
      ["shard/shard-1/primary", "up", undefined],
      ["shard/shard-1/replica/r1", "down", "refused WRONGPASS"],
      ["postgres", "up", undefined],
      ["metrics-hub", "up", undefined],
    ]);
  });

  it("names what is not configured", async ({ expect }) => {
    const answer = await shell({ UPSTASH_REDIS_REST_URL: "", REDIS_NODES: "[" }).call(
      "/health/ready",
    );
    expect(answer.status).toBe(503);
    const { configuration, dependencies } = answer.json() as Readiness;
    expect(configuration).toEqual([
      "UPSTASH_REDIS_REST_URL is not set.",
      "REDIS_NODES is not valid JSON.",
    ]);
    expect(dependencies.filter(({ state }) => state === "not_configured")).toEqual([
      {
        name: "redis",
        state: "not_configured",
        latencyMs: null,
        detail: "UPSTASH_REDIS_REST_URL is not set.",
      },
      {
        name: "node/*",
        state: "not_configured",
        latencyMs: null,
        detail: "REDIS_NODES is not valid JSON.",
      },
    ]);
  });

  it("is not ready while nobody may call, and says when to ask again", async ({ expect }) => {
    const answer = await shell({ API_KEYS: "" }).call("/health/ready");
    expect([answer.status, answer.headers.get("Retry-After")]).toEqual([503, "1"]);
    const { configuration, ...rest } = answer.json() as Readiness;
    expect(configuration).toEqual(["API_KEYS is not set."]);
    expect(rest).toMatchObject({ status: "not_ready", retryAfterMs: 1_000 });
  });

  it("gives a dependency that hangs a second", async ({ expect }) => {
    fetched.mockImplementation(
      (_, init) =>
        new Promise((_resolve, reject) => {
          const { signal } = init ?? {};
          signal?.addEventListener("abort", () => reject(signal.reason as Error));
        }),
    );
    const startedAtMs = Date.now();
    const { dependencies } = (await shell().call("/health/ready")).json() as Readiness;
    expect(Date.now() - startedAtMs).toBeLessThan(2 * PROBE_MS);
    expect(dependencies.map(({ name, state, detail }) => [name, state, detail])).toEqual([
      ["redis", "down", "timeout"],
      ["postgres", "down", "timeout"],
      ["metrics-hub", "up", undefined],
    ]);
  });

  it("asks once for many who ask at the same time and within a second", async ({ expect }) => {
    const { call } = shell();
    const answers = await Promise.all(Array.from({ length: 50 }, () => call("/health/ready")));
    answers.push(await call("/health/ready"));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("cannot be made to fail by a caller in a hurry", async ({ expect }) => {
    const { call } = shell();
    const hurried = await call("/health/ready", { headers: { "Kv-Deadline-Ms": "1" } });
    expect([hurried.status, (await call("/health/ready")).status]).toEqual([200, 200]);
  });

  it("shows no address and no secret", async ({ expect }) => {
    const answer = await shell({ UPSTASH_REDIS_REST_URL: REFUSED }).call("/health/ready");
    expect(answer.text).not.toContain("127.0.0.1");
    expect(answer.text).not.toContain(token);
  });
});
