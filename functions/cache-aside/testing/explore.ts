import type { Choice } from "./schedule.ts";

/** A run that can be begun anew as often as wanted. */
export interface Run {
  choices(): readonly Choice[];
  take(choice: Choice): Promise<void>;
  /** Equal states have equal futures. */
  state(): Promise<string>;
  /** Called when no choice is left. Throws when the run broke a promise. */
  finish(): Promise<void>;
}

export interface Explored {
  readonly runs: number;
  readonly states: number;
}

/**
 * Makes every choice in every state that can be reached, once. A run that reaches a state that another one has
 * been in ends there: what follows is the same.
 *
 * @throws what `take` or `finish` threw, with the choices that led there
 */
export async function explore(
  begin: () => Promise<Run>,
  { statesMax }: { readonly statesMax: number },
): Promise<Explored> {
  const seen = new Set<string>();
  const open: (readonly Choice[])[] = [[]];
  let runs = 0;
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const taken: Choice[] = [];
    try {
      const run = await begin();
      runs += 1;
      for (const choice of path) {
        taken.push(choice);
        await run.take(choice);
      }
      for (;;) {
        const choices = run.choices();
        const [first, ...others] = choices;
        if (first === undefined) {
          await run.finish();
          break;
        }
        const state = await run.state();
        if (seen.has(state)) break;
        seen.add(state);
        if (seen.size > statesMax) throw new RangeError(`more than ${statesMax} states`);
        for (const other of others) open.push([...taken, other]);
        taken.push(first);
        await run.take(first);
      }
    } catch (error) {
      throw new Error(`${described(taken)}: ${error}`, { cause: error });
    }
  }
  return { runs, states: seen.size };
}

function described(choices: readonly Choice[]): string {
  return choices
    .map(({ actor, label, fate }) => `${actor} ${label}${fate === "applied" ? "" : ` (${fate})`}`)
    .join(", ");
}
