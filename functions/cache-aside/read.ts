/**
 * @module
 * Reading through the cache: a hit is one GET; a miss is loaded from Postgres by one reader for all.
 *
 * Invariants:
 *
 * 1. What is answered was in the cache, or in the database, at some instant after the read began: so it is
 *    never older than a write that was acknowledged before (a write invalidates before its 2xx).
 * 2. What is filled was loaded under a grant that no invalidation has ended (`cache.ts`).
 * 3. Redis is never needed: without it reads go to Postgres, at most `DIRECT_READS_MAX` of an isolate at once.
 *    Postgres is not needed for what is cached and at most `STALE_IF_ERROR_MS` past its freshness.
 */
import { attemptRead } from "../../shared/kernel/attempts.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { Deps, Stores } from "../deps.ts";
import {
  type Cached,
  dropEntry,
  type Filling,
  fillItem,
  type Grant,
  getEntry,
  leaseItem,
  releaseItem,
} from "./cache.ts";
import type { Entry } from "./entry.ts";
import { freshnessOf, lifetimeOf } from "./freshness.ts";
import type { Gate } from "./gate.ts";
import { loadItem } from "./items.ts";
import type { ItemRef } from "./keys.ts";
import type { Count } from "./stats.ts";

/** Reads of an isolate that go straight to Postgres at once while Redis does not answer. */
export const DIRECT_READS_MAX = 32;
const GATE_TRIES_MAX = 20;
const GATE_PAUSE_MS = 25;

/** Pauses of a reader that waits for another one's load; equal jitter, up to these. */
const POLL_FIRST_MS = 40;
const POLL_MAX_MS = 200;
const POLLS_MAX = 200;

/** Time a waiting reader keeps for its own load. */
const LOAD_RESERVE_MS = 100;

export interface Reading
  extends Pick<Deps, "clock" | "random" | "newId" | "afterReply">,
    ReadStores {
  readonly gate: Gate;
  readonly count: (what: Count) => void;
}

export type ReadStores = Pick<Stores, "redis" | "postgres" | "attempts">;

/**
 * - `hit`: cached and fresh.
 * - `stale`: cached, past its freshness.
 * - `miss`: loaded from Postgres by this read; `collapsed`: by another one that it waited for.
 * - `bypass`: loaded from Postgres because Redis did not answer.
 */
export type Source = "hit" | "stale" | "miss" | "collapsed" | "bypass";

export type Found =
  | { readonly kind: "item"; readonly entry: Entry; readonly source: Source }
  /** Redis does not answer and Postgres has enough to do. */
  | { readonly kind: "overloaded" }
  /** Another reader's load took longer than this one could wait. */
  | { readonly kind: "waited" };

export async function readItem(reading: Reading, item: ItemRef): Promise<Found> {
  const cached = await cachedEntry(reading, item);
  if (cached === "down") return await readDirectly(reading, item);
  if (typeof cached === "string") return await loadOnce(reading, item, cached);
  switch (freshnessOf(cached, reading.clock(), reading.random)) {
    case "early":
      renewLater(reading, item);
      return answer(reading, cached, "hit");
    case "fresh":
      return answer(reading, cached, "hit");
    case "revalidate":
      renewLater(reading, item);
      return answer(reading, cached, "stale");
    case "last_resort":
      return await renewNow(reading, item, cached);
    case "gone":
      return await loadOnce(reading, item, "unusable");
  }
}

const COUNTED_AS = {
  hit: "hits",
  stale: "stale",
  miss: "misses",
  collapsed: "coalesced",
  bypass: "misses",
} as const satisfies Record<Source, Count>;

function answer(reading: Reading, entry: Entry, source: Source): Found {
  reading.count(COUNTED_AS[source]);
  return { kind: "item", entry, source };
}

async function cachedEntry(reading: Reading, item: ItemRef): Promise<Cached | "down"> {
  try {
    return await getEntry(reading.redis, item, halfOfTheTime(reading));
  } catch (error) {
    if (error instanceof UpstreamError) return "down";
    throw error;
  }
}

/** One reader loads, the others wait for what it fills, or take over after `LEASE_MS`. */
async function loadOnce(
  reading: Reading,
  item: ItemRef,
  cached: "none" | "unusable",
): Promise<Found> {
  const { redis, attempts } = reading;
  const token = reading.newId();
  try {
    if (cached === "unusable") await dropEntry(redis, item, halfOfTheTime(reading));
    for (let poll = 0; poll < POLLS_MAX; poll += 1) {
      const leased = await attemptRead(attempts, () =>
        leaseItem(redis, item, { token, mode: "absent", timeoutMs: halfOfTheTime(reading) }),
      );
      if (leased.kind === "granted") {
        return await loadAndFill(reading, item, { token, grant: leased.grant });
      }
      if (leased.kind === "entry" && leased.entry !== null) {
        return answer(reading, leased.entry, poll === 0 ? "hit" : "collapsed");
      }
      const leftMs = attempts.deadline.remainingMs() - LOAD_RESERVE_MS;
      if (leftMs <= 0) break;
      const ceilingMs = Math.min(POLL_FIRST_MS * 2 ** poll, POLL_MAX_MS, leftMs);
      await attempts.sleep(ceilingMs / 2 + (reading.random() * ceilingMs) / 2);
    }
    return { kind: "waited" };
  } catch (error) {
    if (!isDown(error)) throw error;
    return await readDirectly(reading, item);
  }
}

function isDown(error: unknown): boolean {
  return error instanceof UpstreamError && error.dependency === "redis";
}

async function loadAndFill(reading: Reading, item: ItemRef, grant: Grant): Promise<Found> {
  try {
    const loaded = await loadPatiently(reading, item);
    reading.afterReply((stores) => fill(reading, stores, item, { ...grant, ...loaded }));
    return answer(reading, loaded.entry, "miss");
  } catch (error) {
    reading.afterReply(({ redis }) => releaseItem(redis, item, grant));
    throw error;
  }
}

/** An entry that is past its time: renewed in the request, or served as it is when that cannot be done. */
async function renewNow(reading: Reading, item: ItemRef, stale: Entry): Promise<Found> {
  const token = reading.newId();
  const timeoutMs = halfOfTheTime(reading);
  try {
    const leased = await leaseItem(reading.redis, item, { token, mode: "refresh", timeoutMs });
    if (leased.kind !== "granted") return answer(reading, stale, "stale");
    const { grant } = leased;
    const loaded = await load(reading, item, halfOfTheTime(reading));
    reading.afterReply((stores) => fill(reading, stores, item, { token, grant, ...loaded }));
    return answer(reading, loaded.entry, "miss");
  } catch (error) {
    // The grant is kept: until it runs out nobody tries again.
    if (error instanceof UpstreamError) return answer(reading, stale, "stale");
    throw error;
  }
}

/** Renews after the reply, unless somebody is at it. */
function renewLater(reading: Reading, item: ItemRef): void {
  const token = reading.newId();
  reading.afterReply(async (stores) => {
    const timeoutMs = stores.attempts.deadline.remainingMs();
    const leased = await leaseItem(stores.redis, item, { token, mode: "refresh", timeoutMs });
    if (leased.kind !== "granted") return;
    const loaded = await load({ ...reading, postgres: stores.postgres }, item, timeoutMs);
    await fill(reading, stores, item, { token, grant: leased.grant, ...loaded });
  });
}

interface Loaded {
  readonly entry: Entry;
  readonly keptMs: number;
}

async function fill(
  { count }: Reading,
  { redis, attempts }: ReadStores,
  item: ItemRef,
  filling: Filling,
): Promise<void> {
  if (await attemptRead(attempts, () => fillItem(redis, item, filling))) count("fills");
}

/** Without a grant, and so without filling; bounded, because nothing shields Postgres now. */
async function readDirectly(reading: Reading, item: ItemRef): Promise<Found> {
  const { gate, clock, attempts } = reading;
  for (let attempt = 0; attempt < GATE_TRIES_MAX; attempt += 1) {
    const ticket = gate.enter(clock(), attempts.deadline.expiresAtMs);
    if (ticket !== null) {
      try {
        return answer(reading, (await loadPatiently(reading, item)).entry, "bypass");
      } finally {
        gate.leave(ticket);
      }
    }
    if (attempts.deadline.remainingMs() <= LOAD_RESERVE_MS) break;
    await attempts.sleep(GATE_PAUSE_MS / 2 + (reading.random() * GATE_PAUSE_MS) / 2);
  }
  return { kind: "overloaded" };
}

/** Asks again when Postgres could not be reached. A slow query is waited for: the next one is no faster. */
function loadPatiently(reading: Reading, item: ItemRef): Promise<Loaded> {
  const { attempts } = reading;
  return attemptRead(attempts, () => load(reading, item, attempts.deadline.remainingMs()));
}

/** The item as it is in Postgres now. */
async function load(
  { postgres, clock, random, count }: Reading,
  item: ItemRef,
  timeoutMs: number,
): Promise<Loaded> {
  const loadedAtMs = clock();
  count("databaseQueries");
  const loaded = await loadItem(postgres, item, timeoutMs);
  const { freshMs, keptMs } = lifetimeOf(loaded === null, random);
  const entry = {
    version: loaded?.version ?? null,
    value: loaded?.value ?? "",
    loadedAtMs,
    freshUntilMs: loadedAtMs + freshMs,
    loadMs: clock() - loadedAtMs,
  };
  return { entry, keptMs };
}

/** A slow Redis is waited for, because without it every reader asks Postgres; but not for ever. */
function halfOfTheTime({ attempts }: Reading): number {
  return Math.floor(attempts.deadline.remainingMs() / 2);
}
