import { describe, it } from "vitest";
import { NOBODY } from "../../shared/streams/reassign.ts";
import { DEAD_MAX, handovers, knownGroup, knownTopic } from "./dead-consumers.ts";

const NOW_MS = 1_000_000;
const GROUP = { partitions: 1, visibilityMs: 1_000 };

function fieldsOf(consumers: Readonly<Record<string, readonly [held: number, idleMs: number]>>) {
  return new Map(
    Object.entries(consumers).flatMap(([name, [held, idleMs]]): [string, string][] => [
      [`c ${name}`, String(held)],
      [`s ${name}`, String(NOW_MS - idleMs)],
    ]),
  );
}

describe("who is to have what a dead consumer held", () => {
  it("is the live one that holds least, counting what it was given before", ({ expect }) => {
    const fields = fieldsOf({
      ann: [5, 0],
      bob: [3, 29_999],
      old: [4, 30_000],
      older: [1, 90_000],
    });
    expect(handovers(fields, GROUP, NOW_MS)).toEqual([
      { from: "old", to: "bob" },
      { from: "older", to: "ann" },
    ]);
  });

  it("is nobody when all are dead", ({ expect }) => {
    const fields = fieldsOf({ ann: [1, 60_000], bob: [1, 60_000] });
    expect(handovers(fields, GROUP, NOW_MS)).toEqual([
      { from: "ann", to: NOBODY },
      { from: "bob", to: NOBODY },
    ]);
  });

  it("is nobody's question for a consumer that works long on what it has", ({ expect }) => {
    const fields = fieldsOf({ ann: [1, 179_000] });
    expect(handovers(fields, { ...GROUP, visibilityMs: 60_000 }, NOW_MS)).toEqual([]);
  });

  it("is asked for so many at a time", ({ expect }) => {
    const many = Array.from({ length: DEAD_MAX + 1 }, (_, i) => [`c${i}`, [0, 60_000]] as const);
    expect(handovers(fieldsOf(Object.fromEntries(many)), GROUP, NOW_MS).length).toBe(DEAD_MAX);
  });
});

describe("what is stored about a topic and a group", () => {
  it("is read as the Worker writes it", ({ expect }) => {
    expect(knownTopic("1 r 5 4 - 60000")).toEqual({
      partitions: 4,
      maxLength: null,
      retentionMs: 60_000,
    });
    expect(knownGroup("1 r 5 4 latest 30000 3 1")).toEqual({ partitions: 4, visibilityMs: 30_000 });
    expect([knownTopic("2 r 5 4 - -"), knownGroup("1 r 5 4")]).toEqual([null, null]);
  });
});
