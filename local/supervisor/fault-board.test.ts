import { describe, it } from "vitest";
import { FaultEngine } from "../faults/engine.ts";
import { FAULTS_MAX } from "../faults/fault.ts";
import type { SupervisorRequest } from "./child-protocol.ts";
import { FaultBoard, type FaultCarrier } from "./fault-board.ts";
import { FaultMirror } from "./fault-mirror.ts";

/** A process that carries faults out, here without the process. `restart` is one that forgets them all. */
function carrier() {
  let engine = new FaultEngine();
  let mirror = new FaultMirror(engine);
  let isUp = true;
  const ask = async (request: { readonly type: SupervisorRequest["type"] }) => {
    if (!isUp) throw new Error("it is down");
    if (request.type === "faults") {
      mirror.sync((request as Extract<SupervisorRequest, { readonly type: "faults" }>).faults);
    }
    return { id: 0, faults: mirror.list(), exhausted: mirror.exhausted() };
  };
  return {
    process: { ask } as FaultCarrier,
    hits: (target: string) => engine.decide(target, "GET") !== null,
    down: () => {
      isUp = false;
    },
    restart: () => {
      engine = new FaultEngine();
      mirror = new FaultMirror(engine);
    },
  };
}

function board() {
  const gateway = carrier();
  const postgres = carrier();
  const faults = new FaultBoard([{ id: "main", canLag: false }], {
    gateway: gateway.process,
    postgres: postgres.process,
  });
  return { faults, gateway, postgres };
}

const once = { target: "main", kind: "error", count: 1 } as const;

describe("the faults of a stack", () => {
  it("have room for new ones, however many have hit as often as they may", async ({ expect }) => {
    const { faults, gateway } = board();
    for (let n = 0; n < 2 * FAULTS_MAX + 1; n += 1) {
      await faults.add(once);
      expect(gateway.hits("main")).toBe(true);
    }
    expect(await faults.list()).toEqual([]);
  });

  it("are at most 100 that can still hit", async ({ expect }) => {
    const { faults } = board();
    for (let n = 0; n < FAULTS_MAX; n += 1) await faults.add(once);
    await expect(faults.add(once)).rejects.toThrow(`at most ${FAULTS_MAX}`);
  });

  it("do not hit anew after a restart that was asked for, once they were used up", async ({
    expect,
  }) => {
    const { faults, gateway } = board();
    await faults.add(once);
    expect(gateway.hits("main")).toBe(true);
    await faults.forgetExhausted();
    gateway.restart();
    await faults.push(gateway.process);
    expect(gateway.hits("main")).toBe(false);
  });

  it("stay while one of the two that carry them out cannot tell", async ({ expect }) => {
    const { faults, gateway, postgres } = board();
    await faults.add({ ...once, target: "*" });
    expect(gateway.hits("main")).toBe(true);
    postgres.down();
    expect(await faults.list()).toMatchObject([{ target: "*" }]);
  });
});
