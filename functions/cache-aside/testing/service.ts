/**
 * @module
 * Cache-aside over real stores as a test drives it: each call is a request with a deadline of its own, the
 * clock can be set ahead, and work after the reply can be waited for.
 */
import { deadlineAfter } from "../../../shared/kernel/deadline.ts";
import { type Clock, sleep } from "../../../shared/kernel/time.ts";
import { storeTraffic } from "../../../shared/kernel/traffic.ts";
import { neonDatabase } from "../../../shared/postgres/neon.ts";
import { upstashDatabase } from "../../../shared/redis/upstash.ts";
import type { Stores } from "../../deps.ts";
import type { Precondition } from "../../http/precondition.ts";
import { createGate, type Gate } from "../gate.ts";
import { installed, installState } from "../installed.ts";
import type { ItemRef } from "../keys.ts";
import { opOf } from "../op.ts";
import { DIRECT_READS_MAX, type Found, readItem } from "../read.ts";
import type { Count } from "../stats.ts";
import { type Invalidation, type WriteOutcome, write } from "../write.ts";

export interface Addresses {
  readonly redis: { readonly url: string; readonly token: string };
  readonly databaseUrl: string;
}

export interface PutOptions {
  readonly condition?: Precondition;
  readonly idempotencyKey?: string;
  readonly invalidation?: Invalidation;
  readonly deadlineMs?: number;
}

export interface ServiceOptions {
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly gate?: Gate;
}

export type Service = ReturnType<typeof createService>;

/** One isolate: breakers of its own, and the counts of what it did. */
export function createService(addresses: Addresses, options: ServiceOptions = {}) {
  const isolate = createIsolate(addresses, options);
  const { clock, random, newId, stores, afterReply, gate, counts } = isolate;

  const change = (
    method: "PUT" | "DELETE",
    item: ItemRef,
    value: string | null,
    {
      condition = { kind: "none" },
      idempotencyKey,
      invalidation = "strict",
      deadlineMs,
    }: PutOptions,
  ): Promise<WriteOutcome> => {
    const op = opOf({ method, idempotencyKey, body: value ?? "" }, newId);
    const writing = { ...stores(deadlineMs), afterReply };
    return write(writing, { item, value, op, condition }, invalidation);
  };
  const count = (what: Count) => {
    counts[what] += 1;
  };

  return {
    ...isolate,
    read: (item: ItemRef, deadlineMs?: number): Promise<Found> =>
      readItem({ ...stores(deadlineMs), clock, random, newId, afterReply, gate, count }, item),
    put: (item: ItemRef, value: string, put: PutOptions = {}) => change("PUT", item, value, put),
    remove: (item: ItemRef, put: PutOptions = {}) => change("DELETE", item, null, put),
  };
}

function createIsolate(addresses: Addresses, options: ServiceOptions) {
  let aheadMs = 0;
  let after: Promise<unknown>[] = [];
  const real = options.clock ?? (() => Date.now());
  const clock = () => real() + aheadMs;
  const random = options.random ?? (() => 0.5);
  const redis = upstashDatabase(addresses.redis, real);
  const postgres = neonDatabase(addresses.databaseUrl, real);
  const schema = installState();
  const failures: unknown[] = [];

  const stores = (deadlineMs = 10_000): Stores => {
    const deadline = deadlineAfter(real, deadlineMs);
    const traffic = storeTraffic(real);
    const attempts = { deadline, clock: real, random, sleep };
    return {
      traffic,
      attempts,
      redis: redis.port({ traffic, deadline }),
      postgres: installed(postgres.port({ traffic, deadline }), schema, attempts),
    };
  };

  return {
    clock,
    random,
    stores,
    redis,
    newId: () => crypto.randomUUID(),
    gate: options.gate ?? createGate(DIRECT_READS_MAX),
    counts: { hits: 0, misses: 0, stale: 0, fills: 0, coalesced: 0, databaseQueries: 0 },
    /** What work after a reply failed with. */
    failures,
    /** Sets the clock that judges freshness ahead; deadlines keep the real one. */
    setAhead(ms: number) {
      aheadMs = ms;
    },
    afterReply(work: (stores: Stores) => Promise<unknown>) {
      after.push(work(stores()).catch((error) => failures.push(error)));
    },
    /** Resolves when no work after a reply is left. */
    async settled() {
      while (after.length > 0) {
        const running = after;
        after = [];
        await Promise.all(running);
      }
    },
  };
}
