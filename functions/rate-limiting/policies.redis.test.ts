import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from "vitest";
import { startTestRedis, type TestRedis } from "../../local/testing/stores.ts";
import { checkNamed } from "./check.ts";
import { deletePolicy, listPolicies, POLICIES_MAX, putPolicy, readPolicy } from "./policies.ts";
import { createCalls } from "./testing/calls.ts";
import { createStand, definitionOf, type Stand } from "./testing/stand.ts";

let redis: TestRedis;
let direct: Redis;
let stand: Stand;

beforeAll(async () => {
  redis = await startTestRedis();
  direct = new Redis(redis.port);
});

afterAll(async () => {
  direct.disconnect();
  await redis.stop();
});

beforeEach(() => {
  stand = createStand(redis);
});

afterEach(() => {
  redis.faults.clear();
});

const put = (name: string, definition = {}) =>
  putPolicy(stand.request(), name, definitionOf(definition));

describe("a policy", () => {
  it("is created, unchanged or changed, and its revision rises with a change only", async ({
    expect,
  }) => {
    expect(await put("a")).toMatchObject({ kind: "created", policy: { name: "a", revision: 1 } });
    expect(await put("a")).toMatchObject({ kind: "unchanged", policy: { revision: 1 } });
    expect(await put("b")).toMatchObject({ kind: "created", policy: { revision: 2 } });
    const changed = { limit: 5, windowMs: 7, burst: 9, onError: "open" } as const;
    expect(await put("a", changed)).toEqual({
      kind: "changed",
      policy: { name: "a", algorithm: "gcra", revision: 3, ...changed },
    });
    expect(await readPolicy(stand.request(), "a")).toMatchObject({ ...changed, revision: 3 });
    expect(await readPolicy(stand.request(), "c")).toBeNull();
  });

  it("has a higher revision also after it was deleted and made again", async ({ expect }) => {
    await put("a");
    await put("a", { limit: 3 });
    await deletePolicy(stand.request(), "a");
    await deletePolicy(stand.request(), "a");
    expect(await readPolicy(stand.request(), "a")).toBeNull();
    expect(await put("a")).toMatchObject({ kind: "created", policy: { revision: 3 } });
  });

  it("keeps its algorithm, and its window unless it is gcra, and a bucket its burst", async ({
    expect,
  }) => {
    await put("exact", { windowMs: 1_000 });
    expect(await put("exact", { windowMs: 2_000 })).toMatchObject({ kind: "changed" });
    expect(await put("exact", { algorithm: "token-bucket" })).toMatchObject({
      kind: "differs",
      policy: { algorithm: "gcra", revision: 2 },
    });
    const counted = { algorithm: "fixed-window", windowMs: 1_000 } as const;
    await put("counted", counted);
    expect(await put("counted", { ...counted, limit: 3, burst: 3 })).toMatchObject({
      kind: "changed",
    });
    expect(await put("counted", { ...counted, windowMs: 2_000 })).toMatchObject({
      kind: "differs",
      policy: { windowMs: 1_000, limit: 3 },
    });
    const bucket = { algorithm: "token-bucket", limit: 3, windowMs: 1_000, burst: 9 } as const;
    await put("bucket", bucket);
    expect(await put("bucket", { ...bucket, limit: 4 })).toMatchObject({ kind: "changed" });
    for (const other of [{ burst: 8 }, { burst: 10 }, { windowMs: 2_000 }]) {
      expect(await put("bucket", { ...bucket, ...other })).toMatchObject({
        kind: "differs",
        policy: { limit: 4, burst: 9 },
      });
    }
  });

  it("is one of at most a thousand of a tenant, which are listed by name", async ({ expect }) => {
    await put("a");
    const { policies } = stand.keys;
    const text = await direct.hget(policies, "a");
    for (let n = 1; n < POLICIES_MAX; n += 1) await direct.hset(policies, `p${n}`, `${text}`);
    expect(await put("one-more")).toEqual({ kind: "too_many" });
    expect(await put("a", { limit: 3 })).toMatchObject({ kind: "changed" });
    const names = (await listPolicies(stand.request())).map(({ name }) => name);
    expect(names).toHaveLength(POLICIES_MAX);
    expect(names).toEqual([...names].sort());
    await deletePolicy(stand.request(), "p1");
    expect(await put("one-more")).toMatchObject({ kind: "created" });
  });

  it("that is garbage in the store is a failed dependency", async ({ expect }) => {
    await direct.hset(stand.keys.policies, "bad", "1 2 gcra 1 1 1 closed");
    const garbage = { fault: "garbage", outcome: "not_applied" };
    await expect(readPolicy(stand.request(), "bad")).rejects.toMatchObject(garbage);
    await expect(listPolicies(stand.request())).rejects.toMatchObject(garbage);
  });
});

describe("a change of a policy", () => {
  const faults = [
    { kind: "drop-response" },
    { kind: "drop-request" },
    { kind: "duplicate", delayMs: 0 },
  ] as const;
  for (const fault of faults) {
    it(`is made once when its first attempt meets ${fault.kind}`, async ({ expect }) => {
      await put("a");
      redis.faults.add({ target: "main", command: "EVALSHA", ...fault, count: 1 });
      expect(await put("a", { limit: 3 })).toMatchObject({
        kind: "changed",
        policy: { revision: 2, limit: 3 },
      });
      redis.faults.add({ target: "main", command: "EVALSHA", ...fault, count: 1 });
      await deletePolicy(stand.request(), "a");
      expect(await readPolicy(stand.request(), "a")).toBeNull();
    });
  }

  it("that comes late undoes no later one", async ({ expect }) => {
    await put("a", { limit: 1 });
    redis.faults.add({ target: "main", command: "EVALSHA", kind: "delay", delayMs: 900, count: 1 });
    expect(await put("a", { limit: 2 })).toMatchObject({ kind: "changed" });
    await put("a", { limit: 3 });
    await pause(1_000);
    expect(await readPolicy(stand.request(), "a")).toMatchObject({ limit: 3 });
  });

  it("that deletes and comes again late leaves what was made since", async ({ expect }) => {
    await put("a");
    redis.faults.add({ target: "main", command: "EVALSHA", kind: "delay", delayMs: 900, count: 1 });
    await deletePolicy(stand.request(), "a");
    await put("a");
    await pause(1_000);
    expect(await readPolicy(stand.request(), "a")).not.toBeNull();
  });

  it("that arrives when its caller has given up is not made", async ({ expect }) => {
    await put("a");
    redis.faults.add({ target: "main", command: "EVALSHA", kind: "delay", delayMs: 800 });
    const late = { deadlineMs: 400 };
    const unknown = { fault: "timeout", outcome: "unknown" };
    const changed = putPolicy(stand.request(late), "a", definitionOf({ limit: 3 }));
    const deleted = deletePolicy(stand.request(late), "a");
    await expect(changed).rejects.toMatchObject(unknown);
    await expect(deleted).rejects.toMatchObject(unknown);
    await pause(1_000);
    expect(await readPolicy(stand.request(), "a")).toMatchObject({ limit: 10, revision: 1 });
  });

  it("leaves operations that expire, and nothing else without need", async ({ expect }) => {
    await put("a");
    await deletePolicy(stand.request(), "a");
    const operations = await direct.keys(`${stand.keys.operation("")}*`);
    expect(operations).toHaveLength(2);
    for (const key of operations) {
      const leftMs = await direct.pttl(key);
      expect(leftMs).toBeGreaterThan(9_000);
      expect(leftMs).toBeLessThanOrEqual(11_000);
    }
  });
});

describe("an isolate", () => {
  it("goes by the policy it knows for five seconds, and by a newer one as soon as a level names it", async ({
    expect,
  }) => {
    const calls = createCalls(stand);
    const other = stand.another();
    const policy = await calls.newPolicy({ limit: 10, windowMs: 3_600_000 });
    const ask = (key: string) => checkNamed(other.request(), [{ policy, key, cost: 1 }]);
    expect(await ask("ann")).toMatchObject({ judged: [{ verdict: { limit: 10 } }] });
    await calls.change(policy, { limit: 5, windowMs: 3_600_000 });
    expect(await ask("bob")).toMatchObject({ judged: [{ verdict: { limit: 10 } }] });
    await calls.check(policy, "ann");
    expect(await ask("ann")).toMatchObject({ judged: [{ verdict: { limit: 5, remaining: 2 } }] });
    expect(await ask("eve")).toMatchObject({ judged: [{ verdict: { limit: 5 } }] });
  });

  it("forgets five seconds after it asked, however late the answer came", async ({ expect }) => {
    const calls = createCalls(stand);
    const other = stand.another();
    const policy = await calls.newPolicy({ limit: 10 });
    const limit = async () => {
      const decision = await checkNamed(other.request(), [{ policy, key: "ann", cost: 1 }]);
      return decision.kind === "judged" ? decision.judged[0]?.verdict.limit : decision.kind;
    };
    const late = { target: "main", kind: "delay-response", delayMs: 600, count: 1 } as const;
    redis.faults.add({ ...late, command: "HMGET" });
    expect(await limit()).toBe(10);
    await calls.change(policy, { limit: 5 });
    other.setAhead(4_500);
    expect(await limit()).toBe(5);
    redis.faults.add({ ...late, command: "EVALSHA" });
    await putPolicy(other.request(), policy, definitionOf({ limit: 6 }));
    await calls.change(policy, { limit: 7 });
    other.setAhead(9_000);
    expect(await limit()).toBe(7);
  });

  it("forgets after five seconds", async ({ expect }) => {
    const calls = createCalls(stand);
    const other = stand.another();
    const policy = await calls.newPolicy({ limit: 10 });
    const limit = async (key: string) => {
      const decision = await checkNamed(other.request(), [{ policy, key, cost: 1 }]);
      return decision.kind === "judged" ? decision.judged[0]?.verdict.limit : decision.kind;
    };
    expect(await limit("a")).toBe(10);
    await calls.change(policy, { limit: 5 });
    other.setAhead(4_900);
    expect(await limit("b")).toBe(10);
    other.setAhead(5_100);
    expect(await limit("c")).toBe(5);
  });
});
