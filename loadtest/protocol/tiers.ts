/**
 * The three sizes of a run. Requests are shared by all virtual users and counted exactly; the source
 * article measured at the same three sizes.
 */
export const TIERS = [
  { id: "light", requests: 1_000 },
  { id: "medium", requests: 10_000 },
  { id: "heavy", requests: 50_000 },
] as const;

export type TierId = (typeof TIERS)[number]["id"];

export const TIER_IDS = TIERS.map((tier) => tier.id);

/** Concurrent callers of a run unless `--vus` says otherwise. */
export const VUS_DEFAULT = 16;
export const VUS_MAX = 256;
