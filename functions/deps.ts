/**
 * @module
 * Composition root: from `env` to the clients that handlers are given. The only reader of `env` beside the
 * constructors of Durable Objects.
 *
 * What lives as long as an isolate (clients, breakers, verified keys, counts, small caches) is bounded and
 * holds no promise; what belongs to one request (deadline, traffic, ports) is made for it.
 */
import type { Attempts } from "../shared/kernel/attempts.ts";
import { deadlineAfter } from "../shared/kernel/deadline.ts";
import { type Clock, type Random, sleep } from "../shared/kernel/time.ts";
import { type StoreTraffic, storeTraffic } from "../shared/kernel/traffic.ts";
import type { PostgresPort } from "../shared/postgres/port.ts";
import type { RedisPort } from "../shared/redis/port.ts";
import type { Config } from "./config.ts";
import type { Keyring } from "./http/auth.ts";
import { logFailure } from "./http/log.ts";
import { UNMATCHED } from "./http/metrics/registry.ts";
import { NotConfigured } from "./http/not-configured.ts";
import { type Caches, type Isolate, isolateOf } from "./isolate.ts";

export type { Caches, Isolate } from "./isolate.ts";

/** How long work after the reply may take; the platform ends it after 30 s. */
const AFTER_REPLY_MS = 10_000;

/** The stores as one piece of work sees them, with its deadline and its count of calls. */
export interface Stores {
  readonly redis: RedisPort;
  readonly postgres: PostgresPort;
  readonly attempts: Attempts;
  readonly traffic: StoreTraffic;
}

export interface Deps extends Stores {
  readonly config: Config;
  /** Null when API_KEYS is missing or malformed. */
  readonly keyring: Keyring | null;
  readonly clock: Clock;
  readonly random: Random;
  /** A fresh id of 132 random bits, URL-safe. */
  readonly newId: () => string;
  /** What this request is called in its reply and in log lines. */
  readonly requestId: string;
  readonly caches: Caches;
  readonly isolate: Isolate;
  /** Runs work after the reply has left, with stores and a deadline of its own. Failures are counted and logged. */
  readonly afterReply: (work: (stores: Stores) => Promise<unknown>) => void;
  /** Adds the time that a call may wait to its deadline; stores taken after this have it. */
  readonly extendDeadline: (waitMs: number) => void;
  /** Stores with a deadline and a count of their own, for a reply that goes on after its headers. */
  readonly storesFor: (deadlineMs: number) => Stores;
  /** Counts an event of a pattern's own, such as a cache hit, in memory; it shows in `/metrics`. */
  readonly countEvent: (subject: string, event: string, times?: number) => void;
}

export interface RequestScope {
  readonly deadlineMs: number;
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** What the work is counted under, asked when it is done. Default `unmatched`. */
  readonly operation?: () => string;
}

export type DepsFor = (env: Env, request: RequestScope) => Deps;

const clock: Clock = () => Date.now();
const stopwatch: Clock = () => performance.now();

/** `depsFor` of the deployed Worker. */
export function createDepsFor(): DepsFor {
  const isolates = new WeakMap<Env, Isolate>();
  return (env, request) => {
    let isolate = isolates.get(env);
    if (isolate === undefined) {
      isolate = isolateOf(env, { clock, sleep, random: Math.random, newId });
      isolates.set(env, isolate);
    }
    return new RequestDeps(isolate, request);
  };
}

/** Classes, because one is made for every request: getters and methods of a prototype cost nothing to make. */
class IsolateStores implements Stores {
  readonly isolate: Isolate;
  attempts: Attempts;
  readonly traffic: StoreTraffic;

  constructor(isolate: Isolate, deadlineMs: number) {
    this.isolate = isolate;
    const deadline = deadlineAfter(clock, deadlineMs);
    this.attempts = { deadline, clock, random: Math.random, sleep };
    this.traffic = storeTraffic(stopwatch);
  }

  get redis(): RedisPort {
    const { redis, config } = this.isolate;
    if (redis === null) throw new NotConfigured(sentenceFor(config, "redis"));
    return redis.port({ traffic: this.traffic, deadline: this.attempts.deadline });
  }

  get postgres(): PostgresPort {
    const { postgres, config } = this.isolate;
    if (postgres === null) throw new NotConfigured(sentenceFor(config, "postgres"));
    return postgres.port({ traffic: this.traffic, deadline: this.attempts.deadline });
  }
}

class RequestDeps extends IsolateStores implements Deps {
  readonly requestId: string;
  readonly clock = clock;
  readonly random = Math.random;
  readonly newId = newId;
  readonly #request: RequestScope;

  constructor(isolate: Isolate, request: RequestScope) {
    super(isolate, request.deadlineMs);
    this.requestId = isolate.nextRequestId();
    this.#request = request;
  }

  get config(): Config {
    return this.isolate.config;
  }

  get keyring(): Keyring | null {
    return this.isolate.keyring;
  }

  get caches(): Caches {
    return this.isolate.caches;
  }

  get countEvent(): Deps["countEvent"] {
    return this.isolate.metrics.countEvent;
  }

  readonly storesFor = (deadlineMs: number): Stores => new IsolateStores(this.isolate, deadlineMs);

  readonly extendDeadline = (waitMs: number): void => {
    const deadline = deadlineAfter(clock, this.attempts.deadline.remainingMs() + waitMs);
    this.attempts = { ...this.attempts, deadline };
  };

  readonly afterReply = (work: (stores: Stores) => Promise<unknown>): void => {
    const { waitUntil, operation = () => UNMATCHED } = this.#request;
    waitUntil(runAfterReply(this, work, operation).then(() => this.isolate.flush?.plan(waitUntil)));
  };
}

async function runAfterReply(
  { isolate, requestId }: Deps,
  work: (stores: Stores) => Promise<unknown>,
  operation: () => string,
): Promise<void> {
  const stores = new IsolateStores(isolate, AFTER_REPLY_MS);
  let outcome: "done" | "failed" = "done";
  try {
    await work(stores);
  } catch (error) {
    outcome = "failed";
    logFailure({ requestId, operation: operation(), code: "after_reply_failed", error });
  }
  isolate.metrics.countBackground(operation(), outcome, stores.traffic.spent().requests);
}

function sentenceFor({ faults }: Config, store: "redis" | "postgres"): string {
  return faults.instance ?? faults[store] ?? `${store} is not configured.`;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const ID_CHARACTERS = 22;

/** Randomness is drawn for many ids at once: asking for it costs more than the rest. */
const POOL_IDS = 64;
const pool = new Uint8Array(ID_CHARACTERS * POOL_IDS);
let poolUsed = pool.length;

function newId(): string {
  if (poolUsed === pool.length) {
    crypto.getRandomValues(pool);
    poolUsed = 0;
  }
  let id = "";
  for (const end = poolUsed + ID_CHARACTERS; poolUsed < end; poolUsed += 1) {
    id += ALPHABET[(pool[poolUsed] ?? 0) & 63];
  }
  return id;
}
