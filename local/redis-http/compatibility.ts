/**
 * @module
 * `npx node local/redis-http/compatibility.ts` prints what of @upstash/redis and @upstash/ratelimit works
 * through redis-http, measured now. `COMPATIBILITY.md` holds what it printed; a test compares them.
 */
import { readFile } from "node:fs/promises";
import type { Redis } from "@upstash/redis";
import { ALL_CASES, GROUPS } from "./compatibility/cases.ts";
import { measure, type Outcome, type Row } from "./compatibility/measure.ts";
import { RATELIMIT_CASES } from "./compatibility/ratelimit.ts";
import { ratelimitTable, sdkTables } from "./compatibility/table.ts";
import { type Fixture, NODE, startFixture, TOKEN } from "./fixture.ts";

export interface Compatibility {
  /** Of the redis-server that was measured: `7.0`. */
  readonly redisVersion: string;
  readonly rows: readonly Row[];
  readonly ratelimit: readonly (readonly [string, Outcome])[];
}

const MEASURED_ON = "7.0";

/** Starts what it needs and ends it. Takes some seconds. */
export async function measureCompatibility(): Promise<Compatibility> {
  const fixtures = await Promise.all([startFixture(), startFixture(), startFixture()]);
  const [main] = fixtures;
  try {
    const info = await main.redis.info("server");
    return {
      redisVersion: /redis_version:(\d+\.\d+)/.exec(info)?.[1] ?? "unknown",
      rows: await measure(ALL_CASES, { url: main.url, token: TOKEN, redis: main.redis }),
      ratelimit: await measureRatelimit(fixtures),
    };
  } finally {
    await Promise.all(fixtures.map((fixture) => fixture.stop()));
  }
}

/** The whole text of `COMPATIBILITY.md`. */
export async function compatibilityText(measured: Compatibility): Promise<string> {
  const count = (kind: Outcome["kind"]) =>
    measured.rows.filter(({ alone }) => alone.kind === kind).length;
  return [
    "# What works through redis-http",
    "",
    `Measured with @upstash/redis ${await versionOf("@upstash/redis")} and @upstash/ratelimit ${await versionOf("@upstash/ratelimit")} on Redis ${measured.redisVersion}, by`,
    "`npx node local/redis-http/compatibility.ts > local/redis-http/COMPATIBILITY.md`. Do not edit; a test compares it with what it measures.",
    "",
    `Of ${measured.rows.length} calls, which are all public methods of the SDK and the forms of those that have several, ${count("works")} give what`,
    `they are to give and ${count("refused")} are refused, because Redis ${MEASURED_ON} does not have them or REST does not allow them; the error is the`,
    "one a caller gets. A newer redis-server behind redis-http makes its own commands work.",
    "",
    "## @upstash/redis",
    ...sdkTables(GROUPS, measured.rows),
    "",
    "## @upstash/ratelimit",
    "",
    ...ratelimitTable(measured.ratelimit),
    "",
  ].join("\n");
}

async function measureRatelimit(fixtures: readonly Fixture[]): Promise<Compatibility["ratelimit"]> {
  const outcomes: [string, Outcome][] = [];
  for (const [name, run] of Object.entries(RATELIMIT_CASES)) {
    await Promise.all(fixtures.map(({ redis }) => redis.flushall()));
    const pending = new Set<Promise<unknown>>();
    const [main, ...others] = fixtures.map((fixture) => trackedClient(fixture, pending));
    if (main === undefined) throw new Error("no node to measure on");
    const requests = () => fixtures[0]?.http.counters()[NODE]?.requests ?? 0;
    const outcome = await run({ main, others, requests }).then(
      (): Outcome => ({ kind: "works" }),
      (error: unknown): Outcome => ({ kind: "wrong", detail: String(error) }),
    );
    outcomes.push([name, outcome]);
    await Promise.allSettled(pending);
  }
  return outcomes;
}

/** Parts of the limiter do not wait for their requests; what is under way must not outlive its server. */
function trackedClient(fixture: Fixture, pending: Set<Promise<unknown>>): Redis {
  const client = fixture.client();
  client.use((request, next) => {
    const reply = next<never>(request);
    pending.add(reply);
    return reply;
  });
  return client;
}

async function versionOf(library: string): Promise<string> {
  const url = new URL(`../../node_modules/${library}/package.json`, import.meta.url);
  return (JSON.parse(await readFile(url, "utf8")) as { version: string }).version;
}

if (import.meta.main) process.stdout.write(await compatibilityText(await measureCompatibility()));
