/**
 * @module
 * What a consumer does with messages it was handed: acknowledge them, put them back, or keep them longer.
 *
 * Invariants:
 *
 * 1. Only the receipt of a message's present delivery counts; all others are `stale`, also of the same consumer.
 * 2. An acknowledgement or a put-back that is repeated with the same receipts is answered as the first time
 *    for `SETTLED_ANSWER_MS`, whoever sends it: its receipts can never be good for anything else again.
 */
import { attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import { shortHash } from "../../shared/kernel/short-hash.ts";
import { integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import { correctionOf, type Stale } from "../../shared/streams/correction.ts";
import { keysOf, type NoSuchGroup, type StreamsAccess, tell, withGroup } from "./access.ts";
import { encodeReceipt, type Receipt } from "./receipt.ts";
import settleSource from "./settle.lua";

/** Receipts of one call. */
export const RECEIPTS_MAX = 100;
export const DELAY_MS_MAX = 3_600_000;
/** How long beyond its deadline a repeat is answered as the first time. */
const SETTLED_ANSWER_MS = 30_000;

export type Settlement =
  | { readonly kind: "ack" }
  | { readonly kind: "nack"; readonly delayMs: number }
  | { readonly kind: "extend"; readonly visibilityMs: number };

/** `stale`: another delivery has followed. `gone`: acknowledged, or a dead letter. */
export type ReceiptStatus = "ok" | "stale" | "gone";

export type Settled =
  | { readonly kind: "settled"; readonly statuses: readonly ReceiptStatus[] }
  | NoSuchGroup;

/** Settles 1 to 100 receipts, each for itself. One trip while the group is in the isolate's cache. */
export async function settle(
  access: StreamsAccess,
  { topic, group: groupName }: { readonly topic: string; readonly group: string },
  receipts: readonly Receipt[],
  settlement: Settlement,
): Promise<Settled> {
  const keys = keysOf(access, topic);
  const groupKeys = keys.group(groupName);
  const touched = [...new Set(receipts.map(({ partition }) => partition))];
  const operation = keys.operation(operationId(access, groupName, receipts, settlement));
  const ms = durationOf(settlement);
  let isOrdered = false;
  const { reply } = await attemptWrite("redis", access.attempts, (attempt) =>
    withGroup(access, topic, groupName, attempt, (group) => {
      isOrdered = group.ordered;
      return runSettle(
        access.redis,
        [
          operation,
          groupKeys.group,
          ...touched.flatMap((partition) => [
            keys.stream(partition),
            groupKeys.due(partition),
            groupKeys.held(partition),
          ]),
        ],
        [
          group.text,
          attempt.expiresAtMs,
          attempt.expiresAtMs + answerMsOf(settlement),
          settlement.kind,
          ms,
          group.ordered ? 1 : 0,
          groupName,
          ...receipts.flatMap(({ partition, streamId, nonce }) => [
            touched.indexOf(partition) + 1,
            streamId,
            nonce,
          ]),
        ],
        { timeoutMs: attempt.timeoutMs },
      );
    }),
  );
  if (reply.kind === "no_such_group") return reply;
  const dueInMs = dueAfter(settlement, isOrdered);
  if (reply.isAwaited && dueInMs !== null && reply.statuses.includes("ok")) {
    await tell(access, (monitor) => monitor.due(topic, groupName, dueInMs));
  }
  return { kind: "settled", statuses: reply.statuses };
}

function durationOf(settlement: Settlement): number {
  switch (settlement.kind) {
    case "ack":
      return 0;
    case "nack":
      return settlement.delayMs;
    case "extend":
      return settlement.visibilityMs;
  }
}

/** When others may find something because of it; null for never. In an ordered group an acknowledgement makes way. */
function dueAfter(settlement: Settlement, isOrdered: boolean): number | null {
  if (settlement.kind === "nack") return settlement.delayMs;
  return settlement.kind === "ack" && isOrdered ? 0 : null;
}

/** To prolong again is meant each time; the other two are meant once, however often they are sent. */
function operationId(
  { newId }: StreamsAccess,
  group: string,
  receipts: readonly Receipt[],
  settlement: Settlement,
): string {
  if (settlement.kind === "extend") return workerOperationId(newId());
  const asked = receipts.map(encodeReceipt).join(" ");
  const what = `${group} ${settlement.kind} ${durationOf(settlement)} ${asked}`;
  // One receipt can speak for itself; more are hashed, since each answer is kept for a while.
  return `settle-${receipts.length === 1 ? what : shortHash(what)}`;
}

function answerMsOf({ kind }: Settlement): number {
  return kind === "extend" ? ANSWER_MARGIN_MS : SETTLED_ANSWER_MS;
}

const STATUSES = new Map<string, ReceiptStatus>([
  ["o", "ok"],
  ["s", "stale"],
  ["g", "gone"],
]);

const runSettle = defineScript<
  [operation: string, group: string, ...partitions: string[]],
  [
    group: string,
    expiresAtMs: number,
    answerUntilMs: number,
    kind: string,
    ms: number,
    ordered: number,
    groupName: string,
    ...receipts: (string | number)[],
  ],
  | {
      readonly kind: "settled";
      readonly statuses: readonly ReceiptStatus[];
      readonly isAwaited: boolean;
    }
  | Stale
  | Expired
>(settleSource, (reply) => {
  const [kind, letters, isAwaited] = list(reply);
  if (kind !== "settled") return correctionOf(reply);
  const statuses = [...text(letters)].map((letter) => STATUSES.get(letter) ?? malformed());
  return { kind, statuses, isAwaited: integer(isAwaited) === 1 };
});

function malformed(): never {
  throw new MalformedReply();
}
