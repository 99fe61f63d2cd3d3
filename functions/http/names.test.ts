import { describe, it } from "vitest";
import { Name } from "./names.ts";

describe("a name", () => {
  it("is not one that URL parsers fold away, wherever it is given", ({ expect }) => {
    for (const bad of [".", ".."]) expect([bad, Name.safeParse(bad).success]).toEqual([bad, false]);
    for (const good of ["...", ".a", "..a", "a."]) {
      expect([good, Name.safeParse(good).success]).toEqual([good, true]);
    }
  });
});
