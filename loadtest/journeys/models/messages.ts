/**
 * @module
 * What the line-streams journey produces, as a function of the run's seed, and what its end must find.
 */
import { unit } from "../../protocol/random.ts";
import { pick, zipf } from "../../protocol/zipf.ts";

/** Keys that messages are produced under; a few of them are hot. */
const KEYS = 200;

/** Separates the draws of one request from each other. */
const SALT = { operation: 1, key: 2 } as const;

const keyOf = zipf(KEYS);

export interface Step {
  /** Place in the shares handed in. */
  readonly operation: number;
  readonly key: string;
}

/** Request `index` of a run with this seed. */
export function step(seed: number, index: number, shares: readonly number[]): Step {
  const operation = pick(shares, unit(seed, index, SALT.operation));
  return { operation, key: `key-${keyOf(unit(seed, index, SALT.key))}` };
}

export interface Message {
  readonly id: string;
  readonly partition: number;
  readonly key: string | null;
  /** The request that produced it. */
  readonly index: number;
}

/**
 * Violations in the messages of a group that nobody else has read: each request of the operation `produced`
 * must be there once, under its key, and every key on one partition in the order of its ids.
 */
export function messageViolations(
  {
    seed,
    requests,
    shares,
    produced,
  }: {
    readonly seed: number;
    readonly requests: number;
    readonly shares: readonly number[];
    readonly produced: number;
  },
  messages: readonly Message[],
): string[] {
  const found: string[] = [];
  const times = new Map<number, number>();
  const lastOf = new Map<string, Message>();
  for (const message of messages) {
    const { index, key } = message;
    times.set(index, (times.get(index) ?? 0) + 1);
    const wanted = step(seed, index, shares);
    if (wanted.operation !== produced) found.push(`request ${index} produced nothing`);
    else if (wanted.key !== key) found.push(`${message.id} has the key ${key}, not ${wanted.key}`);
    const last = lastOf.get(key ?? "");
    if (last && last.partition !== message.partition) found.push(`${key} is on two partitions`);
    if (last && isBehind(last.id, message.id)) found.push(`${message.id} came after ${last.id}`);
    lastOf.set(key ?? "", message);
  }
  for (let index = 0; index < requests; index += 1) {
    if (step(seed, index, shares).operation !== produced) continue;
    const count = times.get(index) ?? 0;
    if (count !== 1) found.push(`the message of request ${index} is there ${count} times`);
  }
  return found;
}

/** Whether the first id is greater: `<ms>-<sequence>-<partition>`. */
export function isBehind(id: string, other: string): boolean {
  const [ms = 0, sequence = 0] = id.split("-").map(Number);
  const [otherMs = 0, otherSequence = 0] = other.split("-").map(Number);
  return ms > otherMs || (ms === otherMs && sequence > otherSequence);
}
