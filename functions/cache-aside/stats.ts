import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { Stores } from "../deps.ts";
import { countPending } from "./outbox.ts";
import { type Counts, flush, readTally, type Tally } from "./tally.ts";

export interface Stats extends Counts {
  /** `isolate` while Redis, which holds the sums, does not answer. */
  readonly scope: "deployment" | "isolate";
  /** Null while Postgres, which holds the outbox, does not answer. */
  readonly outboxPending: number | null;
}

/** What the cache did for a tenant. Answers also while a store is down: that is when it is asked. */
export async function readStats(
  { redis, postgres }: Pick<Stores, "redis" | "postgres">,
  tally: Tally,
  whose: { readonly instance: string; readonly tenant: string },
): Promise<Stats> {
  const sums = async () => {
    await flush(tally, redis, whose.instance);
    return await readTally(redis, whose);
  };
  const [counts, outboxPending] = await Promise.all([
    nullWhenDown(sums()),
    nullWhenDown(countPending(postgres, whose)),
  ]);
  return {
    ...(counts ?? tally.total(whose.tenant)),
    scope: counts === null ? "isolate" : "deployment",
    outboxPending,
  };
}

async function nullWhenDown<Value>(value: Promise<Value>): Promise<Value | null> {
  try {
    return await value;
  } catch (error) {
    if (error instanceof UpstreamError) return null;
    throw error;
  }
}
