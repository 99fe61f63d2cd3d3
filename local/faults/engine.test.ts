import * as fc from "fast-check";
import { describe, it } from "vitest";
import { FaultEngine } from "./engine.ts";
import { FAULT_KINDS, FAULTS_MAX, type FaultSpec } from "./fault.ts";
import { FaultSpecError } from "./fault-spec.ts";

const issuesOf = (add: () => unknown): string => {
  try {
    add();
  } catch (error) {
    if (error instanceof FaultSpecError) return error.message;
    throw error;
  }
  return "accepted";
};

describe("FaultEngine", () => {
  it("hits only its target, or every target with *", ({ expect }) => {
    const engine = new FaultEngine();
    engine.add({ target: "node-1", kind: "drop-request" });
    expect(engine.decide("node-2", "GET")).toBeNull();
    expect(engine.decide("node-1", "GET")?.fate).toEqual({ kind: "drop" });
    engine.add({ target: "*", kind: "error" });
    expect(engine.decide("node-2", "GET")?.fate.kind).toBe("error");
  });

  it("lets skip requests pass, then hits count of them, then is gone", ({ expect }) => {
    const engine = new FaultEngine();
    engine.add({ target: "main", kind: "drop-response", skip: 2, count: 2 });
    const hit = Array.from({ length: 6 }, () => engine.decide("main", "SET")?.reply === "drop");
    expect(hit).toEqual([false, false, true, true, false, false]);
    expect(engine.list()).toEqual([]);
  });

  it("counts only requests with its command, whatever the case", ({ expect }) => {
    const engine = new FaultEngine();
    engine.add({ target: "main", kind: "error", command: "evalsha", count: 1 });
    expect(engine.decide("main", "GET")).toBeNull();
    expect(engine.decide("main", "EVALSHA")?.fate.kind).toBe("error");
    expect(engine.decide("main", "EVALSHA")).toBeNull();
  });

  it("repeats the same hits for the same seed and others for another", ({ expect }) => {
    const hits = (seed: number) => {
      const engine = new FaultEngine();
      engine.add({ target: "main", kind: "garbage", probability: 0.5, seed });
      return Array.from({ length: 64 }, () => engine.decide("main", "GET") !== null).join();
    };
    expect(hits(7)).toBe(hits(7));
    expect(hits(7)).not.toBe(hits(8));
  });

  it("hits about as often as its probability says", ({ expect }) => {
    const engine = new FaultEngine();
    engine.add({ target: "main", kind: "delay", delayMs: 1, probability: 0.3, seed: 5 });
    let hits = 0;
    for (let request = 0; request < 10_000; request += 1) {
      if (engine.decide("main", "GET") !== null) hits += 1;
    }
    expect(hits).toBeGreaterThan(2_800);
    expect(hits).toBeLessThan(3_200);
    expect(engine.list()[0]?.hits).toBe(hits);
  });

  it("combines delays, and does not ask faults behind one that ended the request", ({ expect }) => {
    const engine = new FaultEngine();
    engine.add({ target: "main", kind: "delay", delayMs: 10 });
    engine.add({ target: "*", kind: "delay", delayMs: 5 });
    engine.add({ target: "main", kind: "drop-response", count: 1 });
    engine.add({ target: "main", kind: "drop-request", count: 1 });
    expect(engine.decide("main", "GET")).toMatchObject({ delayMs: 15, fate: { kind: "drop" } });
    expect(engine.decide("main", "GET")).toMatchObject({ delayMs: 15, reply: "drop" });
    expect(engine.decide("main", "GET")).toMatchObject({ delayMs: 15, reply: "send" });
  });

  it("refuses connections apart from what it does to requests that were read", ({ expect }) => {
    const engine = new FaultEngine();
    engine.add({ target: "main", kind: "refuse", count: 1 });
    expect(engine.decide("main", "GET")).toBeNull();
    expect(engine.refuses("other")).toBe(false);
    expect(engine.refuses("main")).toBe(true);
    expect(engine.refuses("main")).toBe(false);
  });

  it("keeps lag a state that no request uses up", ({ expect }) => {
    const engine = new FaultEngine();
    const { id } = engine.add({ target: "replica", kind: "lag", delayMs: 250 });
    expect(engine.decide("replica", "GET")).toBeNull();
    expect(engine.lagMs("replica")).toBe(250);
    expect(engine.lagMs("other")).toBe(0);
    expect(engine.remove(id)).toBe(true);
    expect(engine.lagMs("replica")).toBe(0);
  });

  it("removes by id and clears by target", ({ expect }) => {
    const engine = new FaultEngine();
    const first = engine.add({ target: "a", kind: "refuse" });
    engine.add({ target: "a", kind: "garbage" });
    engine.add({ target: "b", kind: "garbage" });
    expect(engine.remove(first.id)).toBe(true);
    expect(engine.remove(first.id)).toBe(false);
    expect(engine.clear("a")).toBe(1);
    expect(engine.list().map(({ target }) => target)).toEqual(["b"]);
    expect(engine.clear()).toBe(1);
  });

  it("says which field is wrong and why", ({ expect }) => {
    const engine = new FaultEngine({
      targets: [
        { id: "main", canLag: false },
        { id: "shard-1-replica-1", canLag: true },
      ],
    });
    const issues = (fault: unknown) => issuesOf(() => engine.add(fault));
    expect(issues(null)).toMatch(/fault: /);
    expect(issues({ target: "main", kind: "explode" })).toMatch(/kind: .*"refuse"/);
    expect(issues({ target: "mian", kind: "refuse" })).toMatch(
      /target: refuse can aim at main, shard-1-replica-1, \*/,
    );
    expect(issues({ target: "main", kind: "lag" })).toMatch(
      /target: lag can aim at shard-1-replica-1, \*/,
    );
    expect(issues({ target: "main", kind: "refuse", delayMs: 5 })).toMatch(
      /delayMs: has a meaning/,
    );
    expect(issues({ target: "main", kind: "delay", status: 500 })).toMatch(/status: has a meaning/);
    expect(issues({ target: "main", kind: "delay", delayMs: 60_001 })).toMatch(/delayMs: .*60000/);
    expect(issues({ target: "main", kind: "error", probability: 0 })).toMatch(/probability: /);
    expect(issues({ target: "main", kind: "error", when: "now" })).toMatch(/when/);
    expect(engine.list()).toEqual([]);
  });

  it("holds at most its bound of faults", ({ expect }) => {
    const engine = new FaultEngine();
    for (let n = 0; n < FAULTS_MAX; n += 1) engine.add({ target: "main", kind: "refuse" });
    expect(issuesOf(() => engine.add({ target: "main", kind: "refuse" }))).toMatch(/at most 100/);
  });

  it("takes back a fault as it told it, for every kind", ({ expect }) => {
    void fc.assert(
      fc.property(
        fc.constantFrom(...FAULT_KINDS),
        fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
        (kind, count) => {
          const engine = new FaultEngine();
          const asked = { target: "x", kind, ...(kind === "lag" || !count ? {} : { count }) };
          const { id: _id, hits: _hits, ...told } = engine.add(asked);
          const { id: _id2, hits: _hits2, ...again } = engine.add(told satisfies FaultSpec);
          expect(again).toEqual(told);
        },
      ),
    );
  });
});
