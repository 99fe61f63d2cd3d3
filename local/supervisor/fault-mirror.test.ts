import { describe, it } from "vitest";
import { FaultEngine } from "../faults/engine.ts";
import type { Fault, FaultSpec } from "../faults/fault.ts";
import { FaultMirror } from "./fault-mirror.ts";

const wanted = (id: string, spec: FaultSpec): Fault => ({ ...spec, id, hits: 0 });
const delay = wanted("a", { target: "main", kind: "error" });
const twice = wanted("b", { target: "main", kind: "drop-request", count: 2 });

describe("a child's copy of the faults", () => {
  it("keeps what a fault has counted when the list is sent again", ({ expect }) => {
    const engine = new FaultEngine();
    const mirror = new FaultMirror(engine);
    mirror.sync([delay]);
    engine.decide("main", "GET");
    mirror.sync([delay, wanted("c", { target: "postgres", kind: "refuse" })]);
    expect(mirror.list().map(({ id, hits }) => [id, hits])).toEqual([
      ["a", 1],
      ["c", 0],
    ]);
  });

  it("drops what is not on the list any more", ({ expect }) => {
    const engine = new FaultEngine();
    const mirror = new FaultMirror(engine);
    mirror.sync([delay, twice]);
    mirror.sync([twice]);
    expect(mirror.list().map(({ id }) => id)).toEqual(["b"]);
    mirror.sync([]);
    expect(engine.list()).toEqual([]);
    expect(mirror.exhausted()).toEqual([]);
  });

  it("does not bring back a fault whose count ran out, and tells of it", ({ expect }) => {
    const engine = new FaultEngine();
    const mirror = new FaultMirror(engine);
    mirror.sync([twice]);
    engine.decide("main", "GET");
    expect(mirror.exhausted()).toEqual([]);
    engine.decide("main", "GET");
    expect(mirror.exhausted()).toEqual(["b"]);
    mirror.sync([twice]);
    expect(mirror.list()).toEqual([]);
    expect(engine.decide("main", "GET")).toBeNull();
  });
});
