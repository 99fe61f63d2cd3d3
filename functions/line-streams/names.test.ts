import fc from "fast-check";
import { describe, it } from "vitest";
import { decodeEventId, encodeEventId } from "./event-id.ts";
import { groupText, parseGroup, streamIdOf } from "./group.ts";
import { messageId, placeOf, producedAtOf } from "./message-id.ts";
import { partitionOfKey } from "./partition.ts";
import { cursorOf, placeOfCursor } from "./pending.ts";
import { decodeReceipt, encodeReceipt } from "./receipt.ts";
import { limitsText, parseTopic } from "./topic.ts";

const place = fc.record({
  partition: fc.integer({ min: 0, max: 63 }),
  streamId: fc.tuple(fc.nat(), fc.nat()).map(([ms, sequence]) => `${ms}-${sequence}`),
});
const nonce = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/);
const NOT_WRITTEN = ["", "1", "x", "1-1", "1-1-1-1", "1.1.1-1", "1.1.1-1.short", "2.1.1-1."];

describe("what is written down and given out", () => {
  it("is read back: message ids, receipts, cursors, event ids", ({ expect }) => {
    fc.assert(
      fc.property(place, nonce, fc.array(place, { maxLength: 20 }), (at, nonce, unsent) => {
        expect(placeOf(messageId(at))).toEqual(at);
        expect(placeOfCursor(cursorOf(at))).toEqual(at);
        expect(decodeReceipt(encodeReceipt({ ...at, nonce }))).toEqual({ ...at, nonce });
        const event = { claimedAtMs: 1_795_400_000_000, nonce, unsent };
        expect(decodeEventId(encodeEventId(event))).toEqual(event);
      }),
    );
  });

  it("is refused when it was not written here", ({ expect }) => {
    for (const text of NOT_WRITTEN) {
      expect([placeOf(text), decodeReceipt(text), decodeEventId(text)], text).toEqual([
        null,
        null,
        null,
      ]);
    }
    expect([placeOfCursor("1-1"), placeOfCursor("")]).toEqual([null, null]);
  });

  it("says when a message was produced and where a group begins", ({ expect }) => {
    expect(producedAtOf("1795400000000-3")).toBe(1_795_400_000_000);
    expect(["earliest", "latest", "5-6-7"].map(streamIdOf)).toEqual(["0", "$", "5-6"]);
  });

  it("holds configurations", ({ expect }) => {
    const topic = { partitions: 4, maxLength: null, retentionMs: 5 };
    expect(parseTopic(`1 r 9 4 ${limitsText(topic)}`)).toMatchObject({
      ...topic,
      revision: "r",
      createdAtMs: 9,
    });
    const group = { from: "latest", visibilityMs: 1_000, maxDeliveries: 3, ordered: true };
    expect(parseGroup(`1 r 9 4 ${groupText(group)}`)).toMatchObject({ ...group, partitions: 4 });
    expect(() => parseTopic("2 r 9 4 - -")).toThrow();
    expect(() => parseGroup("2 r 9 4 latest 1 1 1")).toThrow();
  });
});

describe("the partition of a key", () => {
  it("never changes", ({ expect }) => {
    const known = ["", "a", "order-1", "order-2", "straße", "😀"].map((key) =>
      partitionOfKey(key, 64),
    );
    expect(known).toEqual([11, 51, 28, 0, 11, 10]);
  });

  it("spreads keys that look alike", ({ expect }) => {
    for (const partitions of [2, 4, 7, 64]) {
      const counts = new Array<number>(partitions).fill(0);
      for (let i = 0; i < 64_000; i += 1) {
        const partition = partitionOfKey(`customer-${i}`, partitions);
        counts[partition] = (counts[partition] ?? 0) + 1;
      }
      expect(Math.min(...counts)).toBeGreaterThan((64_000 / partitions) * 0.85);
      expect(Math.max(...counts)).toBeLessThan((64_000 / partitions) * 1.15);
    }
  });
});
