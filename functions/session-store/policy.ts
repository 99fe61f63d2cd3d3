/** How long sessions live, and how much they may hold. */
export interface SessionPolicy {
  /** Unused for so long, a session ends. It is touched past half of it, so it may end after half of it already. */
  readonly idleMs: number;
  /** However busy, a session ends so long after it began. */
  readonly absoluteMs: number;
  /** How long a token goes on working beside its successor after a periodic rotation. */
  readonly graceMs: number;
}

export const SESSION_POLICY: SessionPolicy = {
  idleMs: 30 * 60_000,
  absoluteMs: 12 * 60 * 60_000,
  graceMs: 30_000,
};

/** Names and JSON texts of the fields, and the same of the cart. */
export const SESSION_BYTES_MAX = 16 * 1024;
export const FIELDS_MAX = 1_024;
export const SKUS_MAX = 100;
export const QUANTITY_MAX = 999;
export const DEVICE_CHARACTERS_MAX = 128;

/** Of one user, that have not ended. */
export const SESSIONS_MAX = 100;

/** Tokens of one session that still work beside the present one; a further rotation ends the oldest. */
export const PREDECESSORS_MAX = 8;
