import fc from "fast-check";
import { describe, it } from "vitest";
import { type Entry, WaitingLine } from "./waiting-line.ts";

const line = (slots: number, waitingMax: number) =>
  new WaitingLine({ slots, waitingMax, waitMaxMs: 60_000 });

describe("WaitingLine", () => {
  it("lets in as many as there are slots, then in the order they came", async ({ expect }) => {
    const one = line(1, 10);
    const order: number[] = [];
    const entries = [1, 2, 3].map((who) => one.enter().then(() => order.push(who)));
    await entries[0];
    one.leave();
    await entries[1];
    one.leave();
    await entries[2];
    expect(order).toEqual([1, 2, 3]);
  });

  it("turns away the one that finds too many waiting", async ({ expect }) => {
    const one = line(1, 1);
    await one.enter();
    const waits = one.enter();
    expect(await one.enter()).toBe("busy");
    one.leave();
    expect(await waits).toBe("entered");
  });

  it("turns away the one that waited too long, and keeps its place for nobody", async ({
    expect,
  }) => {
    const one = new WaitingLine({ slots: 1, waitingMax: 2, waitMaxMs: 5 });
    await one.enter();
    expect(await one.enter()).toBe("busy");
    one.leave();
    expect(await one.enter()).toBe("entered");
  });

  it("lets go of the one whose signal fires", async ({ expect }) => {
    const one = line(1, 2);
    const gone = new AbortController();
    await one.enter();
    const waits = one.enter(gone.signal);
    const next = one.enter();
    gone.abort();
    expect(await waits).toBe("cancelled");
    expect(await one.enter(gone.signal)).toBe("cancelled");
    one.leave();
    expect(await next).toBe("entered");
  });

  it("closes: who waits is turned away, who is inside is waited for", async ({ expect }) => {
    const one = line(1, 2);
    await one.enter();
    const waits = one.enter();
    let isClosed = false;
    const closing = one.close().then(() => {
      isClosed = true;
    });
    expect(await waits).toBe("closed");
    expect(await one.enter()).toBe("closed");
    expect(isClosed).toBe(false);
    one.leave();
    await closing;
  });

  it("never has more inside than slots, nor an idle slot while somebody waits", async ({
    expect,
  }) => {
    const steps = fc.array(fc.constantFrom("enter", "leave", "abort"), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), steps, async (slots, script) => {
        const subject = line(slots, 4);
        let inside = 0;
        let waiting: { abort: () => void; entry: Promise<Entry> }[] = [];
        for (const step of script) {
          if (step === "leave" && inside > 0) {
            inside -= 1;
            subject.leave();
          } else if (step === "abort") waiting.at(0)?.abort();
          else if (step === "enter") {
            const controller = new AbortController();
            const asked = {
              abort: () => controller.abort(),
              entry: subject.enter(controller.signal),
            };
            waiting.push(asked);
          }
          const settled = await Promise.all(
            waiting.map(async (asked) => ({
              asked,
              entry: await Promise.race([asked.entry, Promise.resolve(null)]),
            })),
          );
          inside += settled.filter(({ entry }) => entry === "entered").length;
          waiting = settled.filter(({ entry }) => entry === null).map(({ asked }) => asked);
          expect(inside).toBeLessThanOrEqual(slots);
          if (waiting.length > 0) expect(inside).toBe(slots);
          expect(waiting.length).toBeLessThanOrEqual(4);
        }
        await Promise.all([
          subject.close(),
          ...Array.from({ length: inside }, () => subject.leave()),
        ]);
      }),
    );
  });
});
