/**
 * @module
 * What the rate-limiting journey asks for and what must be used at the end of it: pure, so that the end of
 * a run can be computed without the run. Limits come back so slowly that no whole unit does within a run,
 * so each caller is let pass exactly as often as it asks or as the limit says.
 */
import { unit } from "../../protocol/random.ts";
import { pick, zipf } from "../../protocol/zipf.ts";

/** Of every policy that can be used up. */
export const LIMIT = 20;

/** Callers of each kind of check; a few of them ask far more often than they may. */
export const KEYS = { check: 1_000, joint: 200, fixed: 200 } as const;

export type CheckKind = keyof typeof KEYS;

/** Separates the draws of one request from each other. */
const SALT = { operation: 1, key: 2, looked: 3 } as const;

const keyOf = { check: zipf(KEYS.check), joint: zipf(KEYS.joint), fixed: zipf(KEYS.fixed) };

const KINDS: readonly CheckKind[] = ["check", "joint", "fixed"];

export interface Step {
  /** Place in the shares handed in: the three kinds of check, then a look. */
  readonly operation: number;
  /** Which kind is checked, or looked at. */
  readonly kind: CheckKind;
  readonly key: number;
}

/** Request `index` of a run with this seed. */
export function step(seed: number, index: number, shares: readonly number[]): Step {
  const operation = pick(shares, unit(seed, index, SALT.operation));
  const looked = KINDS[Math.floor(unit(seed, index, SALT.looked) * KINDS.length)] ?? "check";
  const kind = KINDS[operation] ?? looked;
  return { operation, kind, key: keyOf[kind](unit(seed, index, SALT.key)) };
}

/** Units that must be used of each caller's limit after `requests` requests. */
export function finalUse(
  seed: number,
  requests: number,
  shares: readonly number[],
): Record<CheckKind, readonly number[]> {
  const use = {
    check: new Array<number>(KEYS.check).fill(0),
    joint: new Array<number>(KEYS.joint).fill(0),
    fixed: new Array<number>(KEYS.fixed).fill(0),
  };
  for (let index = 0; index < requests; index += 1) {
    const { operation, kind, key } = step(seed, index, shares);
    if (operation >= KINDS.length) continue;
    use[kind][key] = Math.min(LIMIT, (use[kind][key] ?? 0) + 1);
  }
  return use;
}
