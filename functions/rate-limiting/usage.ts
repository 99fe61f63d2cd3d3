/**
 * @module
 * What one caller has used of a policy: looking at it, and forgetting it.
 */
import { attemptRead, attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import { expired, list, MalformedReply } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import type { LimiterAccess } from "./access.ts";
import { memoryKey } from "./blocked.ts";
import { timeLeft } from "./budget.ts";
import { judgeGcra } from "./gcra.ts";
import { limitKeys } from "./keys.ts";
import { isGcra, type Policy } from "./policy.ts";
import resetSource from "./reset.lua";
import type { Verdict } from "./verdict.ts";
import { lookAtWindow, windowKeys, windowPort } from "./windows.ts";

/** What a check of cost 1 would be told now; nothing is used. One trip. */
export async function lookAtUsage(
  access: LimiterAccess,
  policy: Policy,
  key: string,
): Promise<Verdict> {
  return await attemptRead(access.attempts, async (timeoutMs) => {
    const leftMs = timeLeft(access.attempts.clock, timeoutMs);
    if (!isGcra(policy)) return await lookAtWindow(windowPort(access, leftMs), { policy, key });
    const level = limitKeys(access.space).level(policy.name, key);
    const { verdicts } = await judgeGcra(access.redis, [{ level, rate: policy, cost: 1 }], {
      leftMs,
      charges: false,
    });
    const [verdict] = verdicts;
    if (verdict === undefined) throw new MalformedReply();
    return verdict;
  });
}

/**
 * Forgets what a caller has used. One trip. Other isolates may refuse from memory for up to
 * `BLOCKED_MS_MAX` more, this one what was asked together with other checks.
 */
export async function resetUsage(
  access: LimiterAccess,
  policy: Policy,
  key: string,
): Promise<void> {
  const keys = limitKeys(access.space);
  const level = keys.level(policy.name, key);
  const operation = keys.operation(workerOperationId(access.newId()));
  await attemptWrite("redis", access.attempts, ({ timeoutMs, expiresAtMs }) => {
    const counters = isGcra(policy)
      ? []
      : windowKeys(
          windowPort(access, () => timeoutMs),
          { policy, key },
        );
    return runReset(
      access.redis,
      [operation, level, ...counters],
      [expiresAtMs, expiresAtMs + ANSWER_MARGIN_MS],
      { timeoutMs },
    );
  });
  access.blocked.delete(memoryKey([level]));
}

const runReset = defineScript<
  [operation: string, ...state: string[]],
  [expiresAtMs: number, answerUntilMs: number],
  { readonly kind: "reset" } | Expired
>(resetSource, (reply) => {
  const [kind] = list(reply);
  return kind === "reset" ? { kind } : expired(reply);
});
