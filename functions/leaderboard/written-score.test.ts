import fc from "fast-check";
import { describe, it } from "vitest";
import { brokenScores, isWhole } from "./written-score.ts";

describe("scores as they are written", () => {
  it("are whole in every way of writing an integer", ({ expect }) => {
    const whole = ["0", "-0", "0.0", "0e-400", "7", "-7.00", "1e3", "1.5e1", "1200e-2", "0.07E2"];
    const broken = ["0.5", "-7.01", "1e-400", "9007199254740990.5", "1.5e0", "1201e-2", "0.007e2"];
    expect(whole.filter((number) => !isWhole(number))).toEqual([]);
    expect(broken.filter(isWhole)).toEqual([]);
  });

  it("are judged as arithmetic would judge them", ({ expect }) => {
    const [part, shift] = [fc.integer({ min: 0, max: 9_999 }), fc.integer({ min: -6, max: 6 })];
    fc.assert(
      fc.property(part, part, shift, (whole, fraction, exponent) => {
        const text = `${whole}.${String(fraction).padStart(4, "0")}e${exponent}`;
        const scaled = BigInt(whole * 10_000 + fraction) * 10n ** BigInt(exponent + 6);
        expect(isWhole(text)).toBe(scaled % 10n ** 10n === 0n);
      }),
    );
  });

  it("are told from other numbers of the body, and from each other", ({ expect }) => {
    const body = `{"scores":[
      {"member":"a.b","score":1e0,"metadata":{"score":0.5}},
      {"member":"c","score":9007199254740990.5},
      {"member":"d","score":5,"metadata":[{"score":1e-9}]},
      {"member":"e","score":1e-400}
    ]}`;
    expect(brokenScores(body)).toEqual([1, 3]);
    expect(brokenScores('{"member":"a","score":1.0,"metadata":{"score":0.5}}')).toEqual([]);
    expect(brokenScores('{"member":"a","score":0.5,"metadata":{"score":1}}')).toEqual([0]);
    expect(brokenScores('{"member":"a","score":5}')).toEqual([]);
  });
});
