/**
 * @module
 * Who of those that wait is to look, and when.
 *
 * A waiter looks for messages itself and comes back here when there are none. It is `looking` from the moment
 * it registers or is woken until it comes back, and `waiting` in between.
 *
 * Invariants:
 *
 * 1. After each stir of a group at least one of its waiters begins a look: one that waits is woken, else one
 *    that is looking (and may have looked too early) is told to look once more when it comes back.
 * 2. A waiter that leaves while it still owes a look passes that on, and so does one that never comes back:
 *    after `LOOK_MS_MAX` it is given up.
 * 3. One stir wakes one waiter of a group, not all: whoever finds more than it can take says so, and the next
 *    one is woken.
 */
import { WAITERS_MAX } from "../../shared/streams/bounds.ts";

/** How long a waiter that is looking may take to come back. */
export const LOOK_MS_MAX = 5_000;

export type Wake = "look" | "over" | "unknown";

/** Runs `work` once, `ms` from now, unless it is cancelled before. */
export type After = (ms: number, work: () => void) => { cancel(): void };

interface Waiter {
  readonly group: string;
  readonly id: string;
  /** Answers who waits; null while it is looking. */
  answer: ((wake: Wake) => void) | null;
  /** A look it must still begin, itself or through another one. */
  owes: boolean;
  /** Woken because something came due: when the next is, somebody else must find out. */
  wasDue: boolean;
  timer: { cancel(): void };
}

interface Due {
  readonly atMs: number;
  readonly timer: { cancel(): void };
}

interface Room {
  readonly waiters: Map<string, Waiter>;
  due: Due | null;
}

export class WaitRoom {
  readonly #after: After;
  readonly #clock: () => number;
  readonly #rooms = new Map<string, Room>();
  #size = 0;

  constructor(parts: { readonly after: After; readonly clock: () => number }) {
    this.#after = parts.after;
    this.#clock = parts.clock;
  }

  get size(): number {
    return this.#size;
  }

  /** From now on the waiter counts as looking. */
  register(group: string, id: string): "registered" | "too_many_waiters" {
    if (this.#size >= WAITERS_MAX) return "too_many_waiters";
    const room = this.#rooms.get(group) ?? { waiters: new Map(), due: null };
    this.#rooms.set(group, room);
    this.#remove(group, id);
    const waiter: Waiter = { group, id, answer: null, owes: false, wasDue: false, timer: NEVER };
    room.waiters.set(id, waiter);
    this.#size += 1;
    this.#look(waiter);
    return "registered";
  }

  /** The waiter has looked and found nothing; settles when it is to look again, or after `waitMs`. */
  next(group: string, id: string, waitMs: number, dueInMs: number | null): Promise<Wake> {
    const waiter = this.#rooms.get(group)?.waiters.get(id);
    if (waiter === undefined || waiter.answer !== null) return Promise.resolve("unknown");
    if (dueInMs !== null) this.due(group, dueInMs);
    if (waiter.owes) {
      waiter.owes = false;
      this.#look(waiter);
      return Promise.resolve("look");
    }
    waiter.wasDue = false;
    waiter.timer.cancel();
    return new Promise((resolve) => {
      waiter.answer = resolve;
      waiter.timer = this.#after(waitMs, () => {
        this.#look(waiter);
        resolve("over");
      });
    });
  }

  /** The waiter waits no longer. */
  done(group: string, id: string, hasMore: boolean): void {
    const waiter = this.#remove(group, id);
    if (hasMore || waiter?.owes || waiter?.wasDue) this.stir(group);
  }

  /** There may be something for the group. */
  stir(group: string): void {
    const waiters = [...(this.#rooms.get(group)?.waiters.values() ?? [])];
    const waiting = waiters.find(({ answer }) => answer !== null);
    const looking = waiters.find(({ owes }) => !owes);
    if (waiting !== undefined) this.#wake(waiting);
    else if (looking !== undefined) looking.owes = true;
  }

  stirAll(): void {
    for (const group of [...this.#rooms.keys()]) this.stir(group);
  }

  /** There will be something for the group in `dueInMs`. */
  due(group: string, dueInMs: number): void {
    const room = this.#rooms.get(group);
    if (room === undefined) return;
    const atMs = this.#clock() + dueInMs;
    if (room.due !== null && room.due.atMs <= atMs) return;
    room.due?.timer.cancel();
    const timer = this.#after(dueInMs, () => {
      room.due = null;
      this.#stirForDue(group, room);
    });
    room.due = { atMs, timer };
  }

  #stirForDue(group: string, room: Room): void {
    const waiting = [...room.waiters.values()].find(({ answer }) => answer !== null);
    if (waiting !== undefined) waiting.wasDue = true;
    this.stir(group);
  }

  #wake(waiter: Waiter): void {
    const { answer } = waiter;
    this.#look(waiter);
    answer?.("look");
  }

  #look(waiter: Waiter): void {
    waiter.answer = null;
    waiter.timer.cancel();
    waiter.timer = this.#after(LOOK_MS_MAX, () => this.done(waiter.group, waiter.id, true));
  }

  #remove(group: string, id: string): Waiter | undefined {
    const room = this.#rooms.get(group);
    const waiter = room?.waiters.get(id);
    if (room === undefined || waiter === undefined) return undefined;
    waiter.timer.cancel();
    waiter.answer?.("over");
    room.waiters.delete(id);
    this.#size -= 1;
    if (room.waiters.size === 0) {
      room.due?.timer.cancel();
      this.#rooms.delete(group);
    }
    return waiter;
  }
}

const NEVER = { cancel() {} };
