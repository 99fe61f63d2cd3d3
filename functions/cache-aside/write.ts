/**
 * @module
 * Writing: Postgres first, then the cache forgets, then the caller is told.
 *
 * Invariants:
 *
 * 1. A 2xx leaves only after Redis has confirmed that neither the old entry nor a grant to fill is left,
 *    unless the caller asked for the weaker promise.
 * 2. A write takes effect once or never, however often and late its copies arrive (`items_write_v2`).
 * 3. A write that is applied has its invalidation in the outbox until Redis has confirmed it, so the next
 *    writer or the clock does what this one could not.
 * 4. A deletion that finds nothing invalidates as well: the deletion before it may have failed to.
 */
import { attemptRead, attemptWrite } from "../../shared/kernel/attempts.ts";
import { OPEN_MS } from "../../shared/kernel/breaker.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { Deps, Stores } from "../deps.ts";
import { invalidateItems } from "./cache.ts";
import { type ItemWrite, type ItemWritten, writeItem } from "./items.ts";
import type { ItemRef } from "./keys.ts";
import { confirm } from "./outbox.ts";

export interface Writing extends Pick<Deps, "afterReply">, WriteStores {}

type WriteStores = Pick<Stores, "redis" | "postgres" | "attempts">;

/** `strict`: the answer waits for Redis. `async`: it does not, and older reads may follow it. */
export type Invalidation = "strict" | "async";

type Applied = Extract<ItemWritten, { readonly kind: "written" | "deleted" }>;

export type WriteOutcome =
  | (Applied & {
      /** `confirmed`: no read is older from now on. `pending`: the caller did not want to wait. */
      readonly invalidation: "confirmed" | "pending";
    })
  /** Applied, but Redis did not confirm; older reads may follow until it is reached. */
  | { readonly kind: "invalidation_pending"; readonly version: string | null }
  | Exclude<ItemWritten, Applied | { readonly kind: "expired" }>;

/** Costs one trip to Postgres and one to Redis; two more calls follow the reply. */
export async function write(
  writing: Writing,
  change: ItemWrite,
  invalidation: Invalidation,
): Promise<WriteOutcome> {
  const written = await applied(writing, change);
  if (written.kind === "refused" || written.kind === "mismatch") return written;
  const { item } = change;
  if (invalidation === "async") {
    writing.afterReply((stores) => finish(stores, item, written));
    return { ...written, invalidation: "pending" };
  }
  try {
    await invalidate(writing, item);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    writing.afterReply((stores) => finishLater(stores, item, written));
    return { kind: "invalidation_pending", version: written.version };
  }
  writing.afterReply((stores) => confirmed(stores, item, written));
  return { ...written, invalidation: "confirmed" };
}

async function applied(
  { postgres, attempts, afterReply }: Writing,
  change: ItemWrite,
): Promise<Exclude<ItemWritten, { readonly kind: "expired" }>> {
  try {
    const { reply } = await attemptWrite("postgres", attempts, ({ timeoutMs, expiresAtMs }) => {
      // A database that scales to zero takes about half a second to wake.
      const patientMs = Math.floor(attempts.deadline.remainingMs() / 2);
      return writeItem(postgres, change, {
        timeoutMs: Math.max(timeoutMs, patientMs),
        expiresAtMs,
      });
    });
    // A refusal after a lost answer is the whole truth here: the op id tells whether a copy was applied.
    return reply;
  } catch (error) {
    if (error instanceof UpstreamError && error.outcome === "unknown") {
      afterReply((stores) => invalidate(stores, change.item));
    }
    throw error;
  }
}

function invalidate({ redis, attempts }: Pick<Stores, "redis" | "attempts">, item: ItemRef) {
  return attemptRead(attempts, (timeoutMs) => invalidateItems(redis, [item], timeoutMs));
}

async function finish(stores: WriteStores, item: ItemRef, written: Applied): Promise<void> {
  await invalidate(stores, item);
  await confirmed(stores, item, written);
}

/** Once more, when the breaker lets a trial through. After that it is the outbox's. */
async function finishLater(stores: WriteStores, item: ItemRef, written: Applied): Promise<void> {
  await stores.attempts.sleep(OPEN_MS);
  await finish(stores, item, written);
}

async function confirmed(stores: WriteStores, item: ItemRef, { version }: Applied): Promise<void> {
  if (version !== null) await confirm(stores, { item, version });
}
