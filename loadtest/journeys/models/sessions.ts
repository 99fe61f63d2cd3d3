/**
 * @module
 * What the session journey does and what must be left of it: pure, so that the end of a run can be computed
 * without the run.
 *
 * Each write carries the number of its request. A session's fields are many and few requests meet in one, so
 * that a lost update is seen; the cart only counts, so that an add that is lost or counted twice changes it.
 */
import { unit } from "../../protocol/random.ts";
import { pick, zipf } from "../../protocol/zipf.ts";

export const SESSIONS = 500;
export const FIELDS = 100;
export const ARTICLES = 5;

const SALT = { operation: 1, session: 2, field: 3, article: 4 } as const;

const sessionRank = zipf(SESSIONS, 0.6);

export interface Step {
  /** Place in the shares handed in. */
  readonly operation: number;
  readonly session: number;
  readonly field: number;
  readonly article: number;
}

/** Request `index` of a run with this seed. */
export function step(seed: number, index: number, shares: readonly number[]): Step {
  return {
    operation: pick(shares, unit(seed, index, SALT.operation)),
    session: sessionRank(unit(seed, index, SALT.session)),
    field: Math.floor(unit(seed, index, SALT.field) * FIELDS),
    article: Math.floor(unit(seed, index, SALT.article) * ARTICLES),
  };
}

export interface Left {
  /** By session and field: the requests that wrote it. One of them is what stands there. */
  readonly writers: readonly (readonly ReadonlySet<number>[])[];
  /** By session and article: how many were added. */
  readonly carts: readonly (readonly number[])[];
  /** By session: how often its data and its cart have changed. */
  readonly changes: readonly number[];
}

/** What is left after `requests` requests; `patch` and `add` are places in the shares. */
export function left(
  run: { readonly seed: number; readonly requests: number },
  shares: readonly number[],
  { patch, add }: { readonly patch: number; readonly add: number },
): Left {
  const writers = grid(FIELDS, () => new Set<number>());
  const carts = grid(ARTICLES, () => 0);
  const changes = Array.from({ length: SESSIONS }, () => 0);
  for (let index = 0; index < run.requests; index += 1) {
    const { operation, session, field, article } = step(run.seed, index, shares);
    if (operation === patch) writers[session]?.[field]?.add(index);
    const cart = carts[session];
    if (operation === add && cart) cart[article] = (cart[article] ?? 0) + 1;
    if (operation === patch || operation === add) changes[session] = (changes[session] ?? 0) + 1;
  }
  return { writers, carts, changes };
}

function grid<Cell>(width: number, cell: () => Cell): Cell[][] {
  return Array.from({ length: SESSIONS }, () => Array.from({ length: width }, cell));
}
