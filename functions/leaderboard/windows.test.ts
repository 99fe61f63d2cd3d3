import fc from "fast-check";
import { describe, it } from "vitest";
import { dayOf, periodOf, previousPeriodOf, WINDOWS } from "./windows.ts";

const at = (text: string) => dayOf(Date.parse(`${text}T12:00:00Z`));

/** Days from 1970 to 2170. */
const someDay = fc.integer({ min: 0, max: 73_000 });

describe("periods of windows", () => {
  it("names a day, an ISO week and a month", ({ expect }) => {
    const ids = WINDOWS.map((window) => periodOf(window, at("2026-10-23")).id);
    expect(ids).toEqual(["2026-10-23", "2026-W43", "2026-10"]);
  });

  it("counts a week to the year that holds its Thursday", ({ expect }) => {
    const weeks = ["2020-12-31", "2021-01-03", "2021-01-04", "2024-12-30", "2027-01-01"];
    const ids = weeks.map((day) => periodOf("weekly", at(day)).id);
    expect(ids).toEqual(["2020-W53", "2020-W53", "2021-W01", "2025-W01", "2026-W53"]);
  });

  it("begins on Monday, and on the first of the month", ({ expect }) => {
    expect(periodOf("weekly", at("2026-10-25")).startsAtMs).toBe(Date.parse("2026-10-19"));
    expect(periodOf("monthly", at("2024-02-29")).endsAtMs).toBe(Date.parse("2024-03-01"));
  });

  it("can be read for one further period after its end", ({ expect }) => {
    const ends = WINDOWS.map((window) => periodOf(window, at("2026-12-31")).expiresAtMs);
    const expected = ["2027-01-02", "2027-01-11", "2027-02-01"].map((text) => Date.parse(text));
    expect(ends).toEqual(expected);
  });

  it("covers every day exactly once", ({ expect }) => {
    fc.assert(
      fc.property(fc.constantFrom(...WINDOWS), someDay, (window, day) => {
        const { startsAtMs, endsAtMs, id } = periodOf(window, day);
        expect(dayOf(startsAtMs) <= day && day < dayOf(endsAtMs)).toBe(true);
        expect(periodOf(window, dayOf(endsAtMs) - 1).id).toBe(id);
        expect(periodOf(window, dayOf(endsAtMs)).id).not.toBe(id);
        expect(periodOf(window, dayOf(endsAtMs)).startsAtMs).toBe(endsAtMs);
      }),
    );
  });

  it("has the period before as the previous one, which expires with it", ({ expect }) => {
    fc.assert(
      fc.property(fc.constantFrom(...WINDOWS), someDay, (window, day) => {
        const present = periodOf(window, day);
        const previous = previousPeriodOf(window, day);
        expect(previous.endsAtMs).toBe(present.startsAtMs);
        expect(previous.expiresAtMs).toBe(present.endsAtMs);
      }),
    );
  });

  it("gives no two periods one id, whatever their windows", ({ expect }) => {
    const ids = WINDOWS.flatMap((window) => {
      const days = Array.from({ length: 5_000 }, (_, i) => at("2020-01-01") + i);
      return [...new Set(days.map((day) => `${window} ${periodOf(window, day).id}`))];
    });
    expect(new Set(ids.map((id) => id.split(" ")[1])).size).toBe(ids.length);
  });
});
