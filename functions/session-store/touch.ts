import { attemptWrite } from "../../shared/kernel/attempts.ts";
import type { SessionAccess } from "./access.ts";
import type { SessionCookie } from "./cookie.ts";
import { sendUpdate } from "./update-script.ts";

/** What a script told of a session's life, by the store's clock. */
export interface Life {
  readonly nowMs: number;
  readonly idleExpiresAtMs: number;
  readonly absoluteExpiresAtMs: number;
}

/** Whether use should be noted: past half of the idle limit, unless the session must end by then anyway. */
export function isTouchDue(life: Life, idleMs: number): boolean {
  const { nowMs, idleExpiresAtMs, absoluteExpiresAtMs } = life;
  return idleExpiresAtMs - nowMs < idleMs / 2 && idleExpiresAtMs < absoluteExpiresAtMs;
}

/** Notes, after the reply, that the session is in use. A touch that fails is made up for by the next call. */
export function touchIfDue(access: SessionAccess, cookie: SessionCookie, life: Life): void {
  if (!isTouchDue(life, access.policy.idleMs)) return;
  access.afterReply((stores) =>
    attemptWrite("redis", stores.attempts, (attempt) =>
      sendUpdate({ ...access, ...stores }, cookie, {
        changes: [],
        operation: { id: "touch", fingerprint: "-", nonce: access.newId(), answerMs: 0 },
        version: null,
        needsCart: false,
        attempt,
      }),
    ),
  );
}
