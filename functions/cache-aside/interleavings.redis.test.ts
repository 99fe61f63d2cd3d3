import { afterAll, beforeAll, describe, inject, it } from "vitest";
import {
  type DirectPostgres,
  type DirectRedis,
  directPostgres,
  directRedis,
} from "../../local/testing/direct-stores.ts";
import fillSource from "./fill.lua";
import schema from "./schema.sql";
import { explore } from "./testing/explore.ts";
import { beginRun, type Scenario } from "./testing/interleaving.ts";
import type { Fate } from "./testing/schedule.ts";
import type { RealStores } from "./testing/stepping-stores.ts";

const STATES_MAX = 5_000;
const TEST_MS = 120_000;

let redis: DirectRedis;
let postgres: DirectPostgres;

beforeAll(async () => {
  redis = directRedis(inject("redis").port);
  postgres = await directPostgres();
  await postgres.query(schema, []);
  // Far from every other number in a result, so that a version is known by its value.
  await postgres.query("ALTER SEQUENCE items_version RESTART WITH 1000000", []);
});

afterAll(async () => {
  redis.close();
  await postgres.close();
});

const allOrders = (scenario: Scenario, stores: Partial<RealStores> = {}) =>
  explore(() => beginRun({ redis, postgres, ...stores }, scenario), { statesMax: STATES_MAX });

const old = '"old"';

const failing =
  (actor: RegExp, label: string, fates: readonly Fate[]) =>
  (whose: string, what: string): readonly Fate[] =>
    what === label && actor.test(whose) ? fates : [];

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "two readers of an item that is not cached, and a writer": {
    before: old,
    cached: "nothing",
    readers: 2,
    writers: ['"new"'],
  },
  "two readers of a cached item, its expiry, and a writer": {
    before: old,
    cached: "fresh",
    readers: 2,
    writers: ['"new"'],
    events: ["expire"],
  },
  "two readers that renew a stale item, and a writer": {
    before: old,
    cached: "stale",
    readers: 2,
    writers: ['"new"'],
  },
  "a reader and two writers": {
    before: old,
    cached: "nothing",
    readers: 1,
    writers: ['"new"', '"newer"'],
  },
  "a reader of an absent item, and its creator": {
    before: null,
    cached: "nothing",
    readers: 1,
    writers: ['"new"'],
  },
  "a reader, a deletion and a creation": {
    before: old,
    cached: "fresh",
    readers: 1,
    writers: [null, '"new"'],
  },
  "two readers that may both load, because grants get old, and a writer": {
    before: old,
    cached: "nothing",
    readers: 2,
    writers: ['"new"'],
    events: ["age"],
  },
  "a reader whose grant is gone, and a writer": {
    before: old,
    cached: "nothing",
    readers: 1,
    writers: ['"new"'],
    events: ["ungrant"],
  },
  "a reader whose fill is lost, or late, another reader, and a writer": {
    before: old,
    cached: "nothing",
    readers: 2,
    writers: ['"new"'],
    faultsOf: failing(/^R1/, "fill", ["lost", "answer_lost", "late"]),
  },
  "a reader whose lease is lost, or comes late or twice, and a writer": {
    before: old,
    cached: "nothing",
    readers: 1,
    writers: ['"new"'],
    faultsOf: failing(/^R1/, "lease", ["lost", "answer_lost", "late", "duplicate"]),
  },
  "a reader of a cached item, a writer whose invalidation is lost or who dies before it, and the outbox":
    {
      before: old,
      cached: "fresh",
      readers: 1,
      writers: ['"new"'],
      events: ["drain"],
      faultsOf: failing(/^(W1|drain)/, "DEL", ["lost", "answer_lost", "late", "crash"]),
    },
  "a reader that loads, a writer whose invalidation is lost or who dies before it, and the outbox":
    {
      before: old,
      cached: "nothing",
      readers: 1,
      writers: ['"new"'],
      events: ["drain"],
      faultsOf: failing(/^W1/, "DEL", ["lost", "late", "crash"]),
    },
  "a reader, a writer whose statement is repeated, late or its last, and a newer writer": {
    before: old,
    cached: "nothing",
    readers: 1,
    writers: ['"new"', '"newer"'],
    faultsOf: failing(/^W1/, "write", ["answer_lost", "late", "crash"]),
  },
};

describe("in every order of store calls", () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    it(`no read is older than the last acknowledged write: ${name}`, { timeout: TEST_MS }, async ({
      expect,
    }) => {
      const { states } = await allOrders(scenario);
      expect(states).toBeGreaterThan(20);
    });
  }
});

const scenarioOf = (start: string): Scenario => {
  const [, scenario] = Object.entries(SCENARIOS).find(([name]) => name.startsWith(start)) ?? [];
  if (scenario === undefined) throw new Error(`no scenario begins with ${start}`);
  return scenario;
};

/** What a run says that served or kept an old value. */
const OLD_VALUE = /after \d+ was acknowledged|at rest \d+ is cached and \d+ is stored/;

describe("the search finds what each part is there for", () => {
  const CHECK = "if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end";

  /** Redis with another check in `fill.lua`. */
  const checking = (check: string): RealStores["redis"] => ({
    ...redis,
    script: (script, keys, args) =>
      redis.script({ ...script, source: script.source.replace(CHECK, check) }, keys, args),
  });

  it("a fill that does not check its grant caches an old value", { timeout: TEST_MS }, async ({
    expect,
  }) => {
    expect(fillSource).toContain(CHECK);
    const found = allOrders(scenarioOf("two readers of an item"), { redis: checking("") });
    await expect(found).rejects.toThrow(OLD_VALUE);
  });

  it("a fill that takes any grant of its token for its own caches an old value", {
    timeout: TEST_MS,
  }, async ({ expect }) => {
    const anyGrant = "if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return 0 end";
    const found = allOrders(scenarioOf("a reader whose lease"), { redis: checking(anyGrant) });
    await expect(found).rejects.toThrow(OLD_VALUE);
  });

  it("an invalidation that leaves the grants lets an old value be cached", {
    timeout: TEST_MS,
  }, async ({ expect }) => {
    const forgetful: RealStores["redis"] = {
      ...redis,
      command: (args) => redis.command(args[0] === "DEL" ? ["DEL", args[1] ?? ""] : args),
    };
    const found = allOrders(scenarioOf("two readers of an item"), { redis: forgetful });
    await expect(found).rejects.toThrow(OLD_VALUE);
  });

  it("without the outbox, the item of a writer who dies stays cached for good", {
    timeout: TEST_MS,
  }, async ({ expect }) => {
    const withoutOutbox: RealStores["postgres"] = {
      query: async (text, parameters) =>
        text.includes("items_outbox") && !text.includes("items i")
          ? []
          : await postgres.query(text, parameters),
    };
    const found = allOrders(scenarioOf("a reader of a cached item, a writer whose"), {
      postgres: withoutOutbox,
    });
    await expect(found).rejects.toThrow(/at rest \d+ is cached and \d+ is stored/);
  });
});
