import { describe, it } from "vitest";
import { explore, type Run } from "./explore.ts";
import { createSchedule, type Fate, type ScheduleOptions } from "./schedule.ts";

interface Cell {
  value: number;
}

const scheduleOf = (options: Partial<ScheduleOptions> = {}) =>
  createSchedule({
    faultsOf: () => [],
    faultsMax: 0,
    errorOf: (label, fate) => new Error(`${label} ${fate}`),
    digest: String,
    ...options,
  });

/** Two actors that each add one to a cell by reading it and writing what they make of it. */
async function twoAdders(atRest: (value: number) => void, isAtomic = false): Promise<Run> {
  const schedule = scheduleOf();
  const cell: Cell = { value: 0 };
  for (const actor of ["a", "b"]) {
    schedule.spawn(actor, async () => {
      if (isAtomic) return await schedule.step(actor, "add", async () => ++cell.value);
      const value = await schedule.step(actor, "read", async () => cell.value);
      return await schedule.step(actor, "write", async () => {
        cell.value = value + 1;
      });
    });
  }
  return {
    choices: () => schedule.choices(),
    take: (choice) => schedule.take(choice),
    state: async () => `${schedule.position()} ${cell.value}`,
    finish: async () => atRest(cell.value),
  };
}

describe("exploration", () => {
  it("reaches every end that some order leads to", async ({ expect }) => {
    const ends = new Set<number>();
    await explore(() => twoAdders((value) => ends.add(value)), { statesMax: 100 });
    expect([...ends].sort()).toEqual([1, 2]);
    ends.clear();
    await explore(() => twoAdders((value) => ends.add(value), true), { statesMax: 100 });
    expect([...ends]).toEqual([2]);
  });

  it("tells the order of the calls that broke something", async ({ expect }) => {
    const lost = (value: number) => {
      if (value < 2) throw new Error("an addition is lost");
    };
    await expect(explore(() => twoAdders(lost), { statesMax: 100 })).rejects.toThrow(
      /^a read, b read, .* write, .* write: Error: an addition is lost$/,
    );
  });

  it("makes each choice in each state once", async ({ expect }) => {
    const { runs, states } = await explore(() => twoAdders(() => {}), { statesMax: 100 });
    // Start; a or b has read; both have, or one has finished; and so on: no state twice.
    expect(states).toBeLessThanOrEqual(12);
    expect(runs).toBeLessThanOrEqual(2 * states);
  });

  it("stops at its bound instead of going on for ever", async ({ expect }) => {
    await expect(explore(() => twoAdders(() => {}), { statesMax: 3 })).rejects.toThrow(
      /more than 3/,
    );
  });
});

describe("the fate of a call", () => {
  const outcomes = async (fate: Fate) => {
    const seen: string[] = [];
    const schedule = scheduleOf({ faultsOf: () => [fate], faultsMax: 1 });
    schedule.spawn("a", async () => {
      try {
        seen.push(`answered ${await schedule.step("a", "call", async () => seen.push("applied"))}`);
      } catch {
        seen.push("failed");
      }
    });
    await schedule.take({ actor: "a", label: "call", fate });
    const later = schedule.choices();
    for (const choice of later) await schedule.take(choice);
    return seen;
  };

  it("is what its name says", async ({ expect }) => {
    expect(await outcomes("applied")).toEqual(["applied", "answered 1"]);
    expect(await outcomes("duplicate")).toEqual(["applied", "answered 1", "applied"]);
    expect(await outcomes("lost")).toEqual(["failed"]);
    expect(await outcomes("answer_lost")).toEqual(["applied", "failed"]);
    expect(await outcomes("late")).toEqual(["failed", "applied"]);
    expect(await outcomes("crash")).toEqual([]);
  });

  it("is a fault no more often than the bound", async ({ expect }) => {
    const schedule = scheduleOf({ faultsOf: () => ["lost"], faultsMax: 1 });
    for (const actor of ["a", "b"]) {
      schedule.spawn(actor, () => schedule.step(actor, "call", async () => {}));
    }
    expect(schedule.choices()).toHaveLength(4);
    await schedule.take({ actor: "a", label: "call", fate: "lost" });
    expect(schedule.choices()).toHaveLength(1);
  });
});
