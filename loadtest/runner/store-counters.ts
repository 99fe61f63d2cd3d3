/**
 * @module
 * What the stores' own endpoints counted, asked from the local stack's control address. These numbers do
 * not come from the service under test, so they check its `Kv-Cost`.
 */
import * as z from "zod";
import type { StackFile } from "../../local/stack-file.ts";

const TIMEOUT_MS = 2_000;

const reply = z.record(
  z.string(),
  z.looseObject({
    requests: z.int().nonnegative(),
    commands: z.int().nonnegative().optional(),
    statements: z.int().nonnegative().optional(),
  }),
);

export interface StoreCount {
  /** `main`, `node-1`, `postgres`, … */
  readonly id: string;
  readonly requests: number;
  /** Billed Redis commands, or SQL statements. */
  readonly commands: number;
}

/** `null` when the stack does not answer. */
export async function readStoreCounters(stack: StackFile): Promise<StoreCount[] | null> {
  try {
    const response = await fetch(`${stack.faults.url}/counters`, {
      headers: { Authorization: `Bearer ${stack.key}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const counters = reply.parse(await response.json());
    return Object.entries(counters).map(([id, { requests, commands, statements }]) => ({
      id,
      requests,
      commands: commands ?? statements ?? requests,
    }));
  } catch {
    return null;
  }
}

/** What was counted between two readings; stores that were not asked for anything are left out. */
export function countedBetween(
  before: readonly StoreCount[] | null,
  after: readonly StoreCount[] | null,
): StoreCount[] | null {
  if (before === null || after === null) return null;
  const earlier = new Map(before.map((count) => [count.id, count]));
  return after
    .map(({ id, requests, commands }) => ({
      id,
      // A gateway that restarted counts from zero again.
      requests: Math.max(0, requests - (earlier.get(id)?.requests ?? 0)),
      commands: Math.max(0, commands - (earlier.get(id)?.commands ?? 0)),
    }))
    .filter((count) => count.requests > 0);
}
