import { afterAll, beforeAll, beforeEach } from "vitest";
import { startTestPostgres, startTestRedis, type TestPostgres, type TestRedis } from "./stores.ts";

export interface TestStores {
  readonly redis: TestRedis;
  readonly postgres: TestPostgres;
}

/**
 * Both stores for the tests of one file: started before the first, without a fault before each, stopped after
 * the last. The stores are there once a test runs, not while its file is read.
 */
export function useTestStores(): TestStores {
  let started: TestStores | null = null;
  const stores = () => {
    if (started === null) throw new Error("the stores are started before the first test");
    return started;
  };
  beforeAll(async () => {
    const [redis, postgres] = await Promise.all([startTestRedis(), startTestPostgres()]);
    started = { redis, postgres };
  });
  afterAll(async () => {
    await Promise.all([started?.redis.stop(), started?.postgres.stop()]);
  });
  beforeEach(() => {
    stores().redis.faults.clear();
    stores().postgres.faults.clear();
  });
  return {
    get redis() {
      return stores().redis;
    },
    get postgres() {
      return stores().postgres;
    },
  };
}
