import fc from "fast-check";
import { describe, it } from "vitest";
import { dayOf, periodOf, previousPeriodOf, WINDOWS, type Window } from "./windows.ts";

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
    const idsAround = (window: Window, day: string) =>
      [at(day) - 1, at(day)].map((which) => periodOf(window, which).id);
    expect(idsAround("weekly", "2026-10-19")).toEqual(["2026-W42", "2026-W43"]);
    expect(idsAround("monthly", "2024-03-01")).toEqual(["2024-02", "2024-03"]);
  });

  it("can be read for one further period after its end", ({ expect }) => {
    const ends = WINDOWS.map((window) => periodOf(window, at("2026-12-31")).expiresAtMs);
    const expected = ["2027-01-02", "2027-01-11", "2027-02-01"].map((text) => Date.parse(text));
    expect(ends).toEqual(expected);
  });

  it("covers every day exactly once, and the one before is the previous one", ({ expect }) => {
    fc.assert(
      fc.property(fc.constantFrom(...WINDOWS), someDay, (window, day) => {
        const [today, tomorrow] = [periodOf(window, day), periodOf(window, day + 1)];
        if (tomorrow.id === today.id) expect(tomorrow).toEqual(today);
        else expect(previousPeriodOf(window, day + 1)).toEqual(today);
      }),
    );
  });

  it("expires when the one after it ends", ({ expect }) => {
    fc.assert(
      fc.property(fc.constantFrom(...WINDOWS), someDay, (window, day) => {
        const present = periodOf(window, day);
        const end = dayOf(previousPeriodOf(window, day).expiresAtMs);
        expect(periodOf(window, end - 1).id).toBe(present.id);
        expect(periodOf(window, end).id).not.toBe(present.id);
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
