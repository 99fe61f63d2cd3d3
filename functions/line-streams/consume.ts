/**
 * @module
 * A poll: one look, or looks until there is something or the wait ends.
 *
 * Invariants:
 *
 * 1. A waiter registers before it looks. So a message is there when it looks, or is appended later and then
 *    wakes it: whatever the object has forgotten, no wake-up is lost.
 * 2. A wait in which nothing happens costs two looks: the first, and one shortly before its end, which also finds
 *    out whether the store is still there.
 * 3. Who leaves says so, with the looks it still owes, so that the next one is woken.
 */
import type { Attempts } from "../../shared/kernel/attempts.ts";
import { deadlineAfter } from "../../shared/kernel/deadline.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { StreamsAccess } from "./access.ts";
import type { Waiter, Wake } from "./monitor.ts";
import { type Look, type Looked, lookForMessages } from "./poll.ts";
import { settle } from "./settle.ts";

/** Bound of a look that was asked for while waiting. */
const LOOK_MS = 2_000;
/** A look that begins has at least this long. */
const LOOK_MS_MIN = 300;
/**
 * How long before the end of a wait its last look begins: up to twice as long, so that those who began together
 * do not look together, and at most half of the wait.
 */
const LAST_LOOK_MS = 1_000;
/** How often a waiter that the object has forgotten registers anew. */
const REGISTRATIONS_MAX = 10;

/** What is due at once and yet was not handed out is waited for a moment: something before it is in the way. */
const DUE_MS_MIN = 250;
/** Looks of one poll. */
const LOOKS_MAX = 200;

export type Consumed = Looked | { readonly kind: "too_many_waiters" };

/**
 * Takes messages, waiting up to `look.waitMs` for them. Requires a deadline that has the wait added to it.
 *
 * @param signal aborted when the caller is gone: then the wait ends, and what was taken is put back
 */
export async function consume(
  access: StreamsAccess,
  look: Look,
  signal: AbortSignal,
): Promise<Consumed> {
  const found =
    look.waitMs === 0
      ? await lookForMessages(access, look, access.attempts)
      : await waitForMessages(access, look, signal);
  if (found.kind !== "messages" || found.messages.length === 0) return found;
  const { topic, group } = look;
  if (signal.aborted) {
    access.afterReply((later) =>
      settle(later, { topic, group }, found.messages, { kind: "nack", delayMs: 0 }),
    );
  } else if (found.isAwaited) {
    access.afterReply(({ monitor }) => monitor.due(topic, group, found.visibilityMs));
  }
  return found;
}

async function waitForMessages(
  access: StreamsAccess,
  look: Look,
  signal: AbortSignal,
): Promise<Consumed> {
  const waiter = { topic: look.topic, group: look.group, waiter: access.newId() };
  const endsAtMs = access.attempts.clock() + look.waitMs;
  let found: Consumed | "unknown" = "unknown";
  try {
    for (let registrations = 0; registrations < REGISTRATIONS_MAX; registrations += 1) {
      const registered = await access.monitor.register(waiter);
      if (registered === "too_many_waiters") return { kind: registered };
      found = await lookUntil(access, look, { waiter, endsAtMs, signal });
      if (found !== "unknown") return found;
    }
    throw new UpstreamError({
      dependency: "durable-object",
      fault: "refused",
      outcome: "not_applied",
    });
  } finally {
    const hasMore = found !== "unknown" && found.kind === "messages" && found.hasMore;
    access.afterReply(({ monitor }) => monitor.done(waiter, hasMore || signal.aborted));
  }
}

interface Wait {
  readonly waiter: Waiter;
  readonly endsAtMs: number;
  readonly signal: AbortSignal;
}

async function lookUntil(
  access: StreamsAccess,
  look: Look,
  { waiter, endsAtMs, signal }: Wait,
): Promise<Looked | "unknown"> {
  const leftMs = () => Math.max(0, endsAtMs - access.attempts.clock());
  const lastLookMs = Math.min(LAST_LOOK_MS * (1 + access.random()), look.waitMs / 2);
  let attempts = within(access, access.attempts.deadline.remainingMs() - look.waitMs);
  let isLast = false;
  for (let looks = 1; ; looks += 1) {
    const found = await lookForMessages(access, { ...look, waitMs: leftMs() + 1 }, attempts);
    if (found.kind !== "messages" || found.messages.length > 0 || looks === LOOKS_MAX) return found;
    const waitMs: number = leftMs() - (isLast ? 0 : lastLookMs);
    const dueInMs = found.dueInMs === null ? null : Math.max(DUE_MS_MIN, found.dueInMs);
    const wake: Wake =
      waitMs <= 0 ? "over" : await orGone(signal, wakeOf(access, waiter, waitMs, dueInMs));
    if (signal.aborted || (wake === "over" && isLast)) return found;
    if (wake === "unknown") return wake;
    isLast ||= wake === "over";
    attempts = within(access, wake === "over" ? leftMs() : LOOK_MS);
  }
}

function within({ attempts }: StreamsAccess, ms: number): Attempts {
  const boundMs = Math.max(LOOK_MS_MIN, Math.min(ms, attempts.deadline.remainingMs()));
  return { ...attempts, deadline: deadlineAfter(attempts.clock, boundMs) };
}

/** `unknown` as well when the object was restarted while it had us wait. */
async function wakeOf(
  { monitor }: StreamsAccess,
  waiter: Waiter,
  waitMs: number,
  dueInMs: number | null,
): Promise<Wake> {
  try {
    return await monitor.next(waiter, waitMs, dueInMs);
  } catch (error) {
    if (error instanceof UpstreamError) return "unknown";
    throw error;
  }
}

/** `over` as soon as the caller is gone. */
async function orGone(signal: AbortSignal, wake: Promise<Wake>): Promise<Wake> {
  if (signal.aborted) return "over";
  let stop = () => {};
  const gone = new Promise<Wake>((resolve) => {
    stop = () => resolve("over");
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([wake, gone]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
