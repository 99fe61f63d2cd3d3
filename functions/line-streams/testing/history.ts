/**
 * @module
 * What producers and consumers saw of one group, and whether a correct service can have shown them that.
 *
 * An event carries the instants before it was asked and after it was answered; it took effect in between. What
 * was asked and never answered (a killed consumer, a lost reply) may have taken effect or not.
 */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export interface ProducedEvent extends Span {
  readonly kind: "produced";
  readonly key: string | null;
  /** Unique. */
  readonly payload: string;
  readonly isAnswered: boolean;
}

export interface SeenMessage {
  readonly id: string;
  readonly payload: string;
  readonly deliveries: number;
  readonly receipt: string;
}

export interface DeliveredEvent extends Span {
  readonly kind: "delivered";
  readonly consumer: string;
  /** Whether the poll would have waited for messages. */
  readonly hasWaited: boolean;
  readonly messages: readonly SeenMessage[];
}

export interface SettledEvent extends Span {
  readonly kind: "settled";
  readonly what: "ack" | "nack";
  readonly payload: string;
  readonly receipt: string;
  /** Null when there was no answer. */
  readonly status: "ok" | "stale" | "gone" | null;
}

export type HistoryEvent = ProducedEvent | DeliveredEvent | SettledEvent;

export interface History {
  readonly events: readonly HistoryEvent[];
  readonly isOrdered: boolean;
  readonly maxDeliveries: number;
  /** What the streams hold in the end, unless they are trimmed. */
  readonly stored: readonly string[] | null;
  /** The dead letters in the end. */
  readonly letters: readonly { readonly payload: string; readonly deliveries: number }[];
  /** Whether everything had come to rest: nothing pending, nothing undelivered. */
  readonly isQuiet: boolean;
}

/** What a message has been through. */
interface Life {
  readonly produced: ProducedEvent;
  readonly deliveries: {
    readonly event: DeliveredEvent;
    readonly seen: SeenMessage;
    readonly at: number;
  }[];
  readonly settled: SettledEvent[];
  letters: number;
  letterDeliveries: number;
  stored: number;
}

/** A wake-up later than this counts as lost. */
const WAKE_MS_MAX = 300;

/** In words what no correct service can have shown; empty when the history is sound. */
export function violations(history: History): string[] {
  const lives = livesOf(history);
  const found: string[] = [];
  for (const [payload, life] of lives) {
    for (const complaint of [
      ...lostOrDoubled(life, history),
      ...miscounted(life),
      ...wronglySettled(life),
      ...deadWrongly(life, history),
    ]) {
      found.push(`${payload}: ${complaint}`);
    }
  }
  if (history.isOrdered) found.push(...overtaken(lives));
  found.push(...unwoken(history, lives));
  return found;
}

function livesOf({ events, stored, letters }: History): Map<string, Life> {
  const lives = new Map<string, Life>();
  for (const event of events) {
    if (event.kind !== "produced") continue;
    const rest = { letters: 0, letterDeliveries: 0, stored: 0 };
    lives.set(event.payload, { produced: event, deliveries: [], settled: [], ...rest });
  }
  const lifeOf = (payload: string) => {
    const life = lives.get(payload);
    if (life === undefined) throw new Error(`${payload} was never produced`);
    return life;
  };
  for (const event of events) {
    if (event.kind === "settled") lifeOf(event.payload).settled.push(event);
    if (event.kind !== "delivered") continue;
    for (const [at, seen] of event.messages.entries()) {
      lifeOf(seen.payload).deliveries.push({ event, seen, at });
    }
  }
  for (const payload of stored ?? []) lifeOf(payload).stored += 1;
  for (const { payload, deliveries } of letters) {
    const life = lifeOf(payload);
    life.letters += 1;
    life.letterDeliveries = deliveries;
  }
  return lives;
}

function* lostOrDoubled(life: Life, { stored, isQuiet }: History): Generator<string> {
  const { produced, deliveries } = life;
  if (stored !== null && life.stored > 1) yield `was appended ${life.stored} times`;
  const ids = new Set(deliveries.map(({ seen }) => seen.id));
  if (ids.size > 1) yield "was handed out under two ids";
  if (stored !== null && produced.isAnswered && life.stored === 0) yield "was never appended";
  const isAnybodys = deliveries.length > 0 || life.letters > 0;
  if (isQuiet && produced.isAnswered && !isAnybodys) yield "was never handed out";
}

function* miscounted({ deliveries }: Life): Generator<string> {
  const sorted = [...deliveries].sort((a, b) => a.seen.deliveries - b.seen.deliveries);
  for (const [which, later] of sorted.entries()) {
    const earlier = sorted[which - 1];
    if (earlier === undefined) continue;
    if (earlier.seen.deliveries === later.seen.deliveries) {
      yield `was handed out twice as delivery ${later.seen.deliveries}`;
    } else if (later.event.endMs < earlier.event.startMs) {
      yield `was handed out as delivery ${later.seen.deliveries} before ${earlier.seen.deliveries}`;
    }
  }
}

function* wronglySettled({ deliveries, settled }: Life): Generator<string> {
  const taken = settled.filter(({ status }) => status === "ok");
  for (const event of taken) {
    const own = deliveries.find(({ seen }) => seen.receipt === event.receipt);
    const later = deliveries.find(
      ({ seen, event: delivery }) =>
        own !== undefined &&
        seen.deliveries > own.seen.deliveries &&
        delivery.endMs < event.startMs,
    );
    if (later !== undefined) yield `${event.what} was taken after the message was handed on`;
    const putBack = taken.find(
      (other) =>
        other.what === "nack" && other.receipt === event.receipt && other.endMs < event.startMs,
    );
    if (putBack !== undefined && putBack !== event) {
      yield `${event.what} was taken after a put-back with the same receipt`;
    }
  }
  const acked = taken.find(({ what }) => what === "ack");
  if (acked === undefined) return;
  if (deliveries.some(({ event }) => event.startMs > acked.endMs)) {
    yield "was handed out after it was acknowledged";
  }
}

function* deadWrongly(life: Life, { maxDeliveries, isQuiet }: History): Generator<string> {
  const { deliveries, settled, letters, letterDeliveries } = life;
  const isAcked = settled.some(({ what, status }) => what === "ack" && status === "ok");
  const mayBeAcked = settled.some(({ what, status }) => what === "ack" && status === null);
  if (letters > 1) yield `is ${letters} dead letters`;
  if (letters > 0 && isAcked) yield "is a dead letter though acknowledged";
  if (letters > 0 && letterDeliveries !== maxDeliveries) {
    yield `is a dead letter after ${letterDeliveries} deliveries`;
  }
  if (deliveries.some(({ seen }) => seen.deliveries > maxDeliveries)) {
    yield "was handed out more often than allowed";
  }
  if (isQuiet && deliveries.length > 0 && !isAcked && !mayBeAcked && letters === 0) {
    yield "was handed out, never acknowledged, and is no dead letter";
  }
}

/** Messages of one key, each handed out while one before it was neither settled nor handed out with it. */
function* overtaken(lives: ReadonlyMap<string, Life>): Generator<string> {
  const byKey = new Map<string, Life[]>();
  for (const life of lives.values()) {
    const { key } = life.produced;
    if (key === null || life.deliveries.length === 0) continue;
    const of = byKey.get(key) ?? [];
    of.push(life);
    byKey.set(key, of);
  }
  for (const of of byKey.values()) {
    of.sort((a, b) => compareIds(idOf(a), idOf(b)));
    for (const [which, life] of of.entries()) {
      for (const { event, at } of life.deliveries) {
        const ahead = of.slice(0, which).find((other) => !isPast(other, event, at));
        if (ahead === undefined) continue;
        yield `${life.produced.payload}: overtook ${ahead.produced.payload}`;
      }
    }
  }
}

function isPast({ settled, deliveries, letters }: Life, by: DeliveredEvent, at: number): boolean {
  if (letters > 0) return true;
  if (deliveries.some((delivery) => delivery.event === by && delivery.at < at)) return true;
  return settled.some(
    ({ what, status, startMs }) =>
      what === "ack" && (status === "ok" || status === null) && startMs <= by.endMs,
  );
}

function idOf({ deliveries }: Life): string {
  return deliveries[0]?.seen.id ?? "0-0-0";
}

function compareIds(a: string, b: string): number {
  const [aMs = 0, aSequence = 0] = a.split("-").map(Number);
  const [bMs = 0, bSequence = 0] = b.split("-").map(Number);
  return aMs - bMs || aSequence - bSequence;
}

/** Messages that somebody waited for and yet got late. In an ordered group something may have been in the way. */
function* unwoken(history: History, lives: ReadonlyMap<string, Life>): Generator<string> {
  const waits = history.events.filter((event) => event.kind === "delivered" && event.hasWaited);
  for (const { produced, deliveries } of lives.values()) {
    const first = Math.min(...deliveries.map(({ event }) => event.endMs));
    const lateMs = produced.endMs + WAKE_MS_MAX;
    if (history.isOrdered || !produced.isAnswered || first <= lateMs) continue;
    const isWaited = waits.some(
      ({ startMs, endMs }) => startMs <= produced.startMs && endMs > lateMs,
    );
    if (isWaited) yield `${produced.payload}: woke nobody who waited`;
  }
}
