import { UpstreamError } from "../../../shared/kernel/errors.ts";
import { storeTraffic } from "../../../shared/kernel/traffic.ts";
import type { PostgresPort, PostgresRow } from "../../../shared/postgres/port.ts";
import type { RedisArgument, RedisPort } from "../../../shared/redis/port.ts";
import type { Stores } from "../../deps.ts";
import fillSource from "../fill.lua";
import leaseSource from "../lease.lua";
import type { Fate, Schedule } from "./schedule.ts";

export interface RealStores {
  readonly redis: RedisPort;
  readonly postgres: PostgresPort;
}

/** Grants stay young for so long: in a run, time passes in steps and not by the clock of Redis. */
export const YOUNG_MS = 3_600_000;

/** A write is accepted for so long, by the real clock; a run takes milliseconds. */
const DEADLINE_MS = 10_000;

export interface Stepping {
  readonly real: RealStores;
  readonly schedule: Schedule;
  /** Told of every call when it is made. */
  readonly onCall: (label: string) => void;
  /** Told of every write statement that Postgres answered, whatever its sender gets to know. */
  readonly onWrite: (row: PostgresRow | undefined) => void;
  /** Told of every grant that a reader gets to know. */
  readonly onGrant: (token: string, grant: string) => void;
}

/** The stores as one actor sees them: each call is a step. */
export function steppingStores(
  { real, schedule, onCall, onWrite, onGrant }: Stepping,
  actor: string,
): Stores {
  const startedMs = Date.now();
  const step = <Result>(label: string, call: () => Promise<Result>) =>
    schedule.step(actor, label, () => {
      onCall(label);
      return call();
    });
  const lease: RedisPort["script"] = async (script, keys, args) => {
    const asked = () => real.redis.script(script, keys, withoutTime(args));
    const reply = await step("lease", asked);
    const [kind, grant] = Array.isArray(reply) ? reply : [];
    if (kind === "granted") onGrant(String(args[0]), String(grant));
    return reply;
  };
  return {
    traffic: storeTraffic(() => 0),
    attempts: {
      deadline: { expiresAtMs: startedMs + DEADLINE_MS, remainingMs: () => DEADLINE_MS },
      clock: () => startedMs,
      random: () => 0.5,
      // The step after a pause can be put off for as long as wanted, so the pause itself is none.
      sleep: async () => {},
    },
    redis: {
      command: (args) => step(args[0], () => real.redis.command(args)),
      script: (script, keys, args) =>
        script.source === leaseSource
          ? lease(script, keys, args)
          : step(script.source === fillSource ? "fill" : "script", () =>
              real.redis.script(script, keys, args),
            ),
    },
    postgres: {
      query: (text, parameters) =>
        step(text.includes("items_write") ? "write" : text.slice(0, 6), async () => {
          const rows = await real.postgres.query(text, parameters);
          if (text.includes("items_write")) onWrite(rows[0]);
          return rows;
        }),
    },
  };
}

/** The arguments of `lease.lua` with which a grant gets old only when the scenario says so. */
function withoutTime([token = "", , , mode = ""]: readonly RedisArgument[]): RedisArgument[] {
  return [token, YOUNG_MS, YOUNG_MS, mode];
}

/** What an actor is told: after these a write or a lease is sent again, another call to Redis is given up. */
export function errorOf(label: string, fate: Fate): UpstreamError {
  if (label === "write") {
    return new UpstreamError({ dependency: "postgres", fault: "timeout", outcome: "unknown" });
  }
  const outcome = fate === "lost" ? "not_applied" : "unknown";
  const fault = label === "lease" ? "timeout" : "circuit_open";
  return new UpstreamError({ dependency: "redis", fault, outcome });
}
