import fc from "fast-check";
import { describe, it } from "vitest";
import { isNewBatch } from "../../../durable-objects/metrics-hub/ledger.ts";
import type { Batch } from "../../../shared/metrics/totals.ts";
import { BATCH_KEPT_MS, delivery } from "./delivery.ts";
import { metricsRegistry } from "./registry.ts";

function isolate() {
  const registry = metricsRegistry();
  return { registry, deliver: delivery("isolate-1", registry) };
}

const countOf = (batch: Batch | null) => Object.values(batch?.delta ?? {})[0]?.["event:x"] ?? 0;

describe("delivering counts", () => {
  it("numbers batches from 1 and sends nothing when nothing was counted", ({ expect }) => {
    const { registry, deliver } = isolate();
    expect(deliver.next(0)).toBeNull();
    registry.countEvent("a", "x");
    expect(deliver.next(0)).toMatchObject({ source: "isolate-1", sequence: 1 });
    deliver.confirmed(1);
    registry.countEvent("a", "x", 2);
    const second = deliver.next(0);
    expect([second?.sequence, countOf(second)]).toEqual([2, 2]);
  });

  it("sends an unconfirmed batch again as it was, and later counts in the next", ({ expect }) => {
    const { registry, deliver } = isolate();
    registry.countEvent("a", "x");
    const first = deliver.next(0);
    registry.countEvent("a", "x", 5);
    expect(deliver.next(1)).toEqual(first);
    deliver.confirmed(1);
    expect(countOf(deliver.next(2))).toBe(5);
  });

  it("is not misled by a late confirmation of an earlier batch", ({ expect }) => {
    const { registry, deliver } = isolate();
    registry.countEvent("a", "x");
    deliver.next(0);
    deliver.confirmed(1);
    registry.countEvent("a", "x");
    const second = deliver.next(0);
    deliver.confirmed(1);
    expect(deliver.next(0)).toEqual(second);
  });

  it("gives a batch up that nobody confirmed, and counts it as lost", ({ expect }) => {
    const { registry, deliver } = isolate();
    registry.countEvent("a", "x");
    deliver.next(0);
    expect(deliver.next(BATCH_KEPT_MS - 1)?.sequence).toBe(1);
    expect(deliver.next(BATCH_KEPT_MS)).toMatchObject({
      sequence: 2,
      delta: { metrics: { "event:batches_lost": 1 } },
    });
  });

  it("is counted exactly once by the hub, whatever is lost, late or sent twice", ({ expect }) => {
    const step = fc.record({
      counted: fc.nat(3),
      arrives: fc.boolean(),
      arrivesAgainLater: fc.boolean(),
      confirmed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const { registry, deliver } = isolate();
        const late: Batch[] = [];
        let [hubLast, hubTotal, counted] = [0, 0, 0];
        const receive = (batch: Batch) => {
          if (!isNewBatch(batch, hubLast)) return;
          hubLast = batch.sequence;
          hubTotal += countOf(batch);
        };
        const send = (arrives: boolean, again: boolean, confirmed: boolean) => {
          const batch = deliver.next(0);
          if (batch === null) return;
          if (arrives) receive(batch);
          if (again) late.push(batch);
          if (arrives && confirmed) deliver.confirmed(batch.sequence);
        };
        for (const { counted: times, arrives, arrivesAgainLater, confirmed } of steps) {
          if (times > 0) registry.countEvent("a", "x", times);
          counted += times;
          send(arrives, arrivesAgainLater, confirmed);
          const straggler = late.shift();
          if (straggler !== undefined) receive(straggler);
          expect(hubTotal).toBeLessThanOrEqual(counted);
        }
        for (const straggler of late) receive(straggler);
        send(true, false, true);
        send(true, false, true);
        expect(hubTotal).toBe(counted);
      }),
    );
  });
});
