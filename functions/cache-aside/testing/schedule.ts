/**
 * @module
 * One run of several actors whose calls happen one at a time, in an order that is chosen from outside.
 *
 * An actor is an async function that does nothing asynchronous but `step`. At a step it is parked until it is
 * chosen; then its call runs to its end, and the actor runs to its next step. So a run is nothing but its
 * list of choices, and the same list gives the same run.
 */
import { assert } from "../../../shared/kernel/assert.ts";

/**
 * What becomes of a call: it works; it works, and a second copy of it arrives at any later time; the caller sees
 * it fail and it never arrives, or did arrive, or may arrive at any later time; or the caller dies before it.
 */
export type Fate = "applied" | "duplicate" | "lost" | "answer_lost" | "late" | "crash";

export interface Choice {
  readonly actor: string;
  readonly label: string;
  readonly fate: Fate;
}

interface Parked {
  readonly label: string;
  readonly proceed: (fate: Fate) => Promise<void>;
}

export interface ScheduleOptions {
  /** Fates of a call besides `applied`. */
  readonly faultsOf: (actor: string, label: string) => readonly Fate[];
  /** How many calls of a run may have one of them. */
  readonly faultsMax: number;
  /** What an actor is told when its call fails. */
  readonly errorOf: (label: string, fate: Fate) => Error;
  /** The part of a result by which runs differ in what they do next. */
  readonly digest: (result: unknown) => string;
}

/** A late copy arrives as an actor of its own. */
const COPY = "~";

const COPIED: ReadonlySet<Fate> = new Set<Fate>(["late", "duplicate"]);
const ANSWERED: ReadonlySet<Fate> = new Set<Fate>(["applied", "duplicate"]);

export type Schedule = ReturnType<typeof createSchedule>;

export function createSchedule({ faultsOf, faultsMax, errorOf, digest }: ScheduleOptions) {
  const parked = new Map<string, Parked>();
  const traces = new Map<string, string[]>();
  let faults = 0;
  let running = 0;
  let onIdle: (() => void) | null = null;
  let time = 0;

  const note = (actor: string, what: string) => {
    const trace = traces.get(actor) ?? [];
    traces.set(actor, trace);
    // A poll that found what the two before it found changes nothing but how long the next pause is.
    if (trace.at(-1) === what && trace.at(-2) === what) return;
    trace.push(what);
  };
  const halt = () => {
    running -= 1;
    if (running === 0) onIdle?.();
  };

  const step = <Result>(actor: string, label: string, call: () => Promise<Result>) =>
    new Promise<Result>((resolve, reject) => {
      const proceed = async (fate: Fate) => {
        if (fate === "crash") {
          traces.delete(actor);
          return halt();
        }
        const isAnswered = ANSWERED.has(fate);
        if (COPIED.has(fate)) parked.set(`${actor}${COPY}${label}`, copyOf(label, call));
        const result = isAnswered || fate === "answer_lost" ? await call() : undefined;
        note(actor, `${label} ${fate} ${isAnswered ? digest(result) : ""}`);
        if (isAnswered) resolve(result as Result);
        else reject(errorOf(label, fate));
      };
      assert(!parked.has(actor), `${actor} does two things at once`);
      parked.set(actor, { label, proceed });
      halt();
    });

  const copyOf = (label: string, call: () => Promise<unknown>): Parked => ({
    label,
    proceed: async () => {
      await call();
      halt();
    },
  });

  return {
    step,
    /**
     * Begins an actor; it runs to its first step at once. A failure of its own ends it.
     *
     * @param parent the actor whose results it works with; by default none
     */
    spawn(actor: string, run: () => Promise<unknown>, parent = actor) {
      running += 1;
      traces.set(actor, [...(traces.get(parent) ?? [])]);
      const end = () => {
        traces.delete(actor);
        halt();
      };
      run().then(end, end);
    },
    now: () => time,
    choices(): Choice[] {
      return [...parked].flatMap(([actor, { label }]) => {
        const fates = actor.includes(COPY) || faults >= faultsMax ? [] : faultsOf(actor, label);
        return (["applied", ...fates] as const).map((fate) => ({ actor, label, fate }));
      });
    },
    /** Lets one actor proceed, and resolves when every actor is parked again or at its end. */
    async take({ actor, fate }: Choice): Promise<void> {
      const chosen = parked.get(actor);
      assert(chosen !== undefined, `${actor} is not parked`);
      parked.delete(actor);
      time += 1;
      if (fate !== "applied") faults += 1;
      running += 1;
      const idle = new Promise<void>((resolve) => {
        onIdle = resolve;
      });
      await chosen.proceed(fate);
      await idle;
    },
    /** Where every actor stands; equal for two runs that cannot go on differently but for the stores. */
    position: () => JSON.stringify([faults, [...parked.keys()].sort(), [...traces].sort()]),
  };
}
