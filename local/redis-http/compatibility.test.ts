import { readFile } from "node:fs/promises";
import { beforeAll, describe, it } from "vitest";
import { type Compatibility, compatibilityText, measureCompatibility } from "./compatibility.ts";

describe("compatibility", () => {
  let measured: Compatibility;
  beforeAll(async () => {
    measured = await measureCompatibility();
  });

  it("every method of the SDK that Redis 7.0 has works, in each form", ({ expect }) => {
    const old = measured.rows.filter(({ since }) => since === null);
    const failing = old.filter((row) =>
      [row.alone, row.autoPipelined, row.pipeline, row.transaction].some(
        ({ kind }) => kind === "wrong" || kind === "refused",
      ),
    );
    expect(failing).toEqual([]);
    expect(old.length).toBeGreaterThan(170);
  });

  it("a method that this Redis lacks fails with Redis's or Upstash's words", ({ expect }) => {
    const errors = measured.rows.flatMap(({ name, since, alone }) =>
      since === null || alone.kind !== "refused" ? [] : [[name, alone.error]],
    );
    for (const [name, error] of errors) {
      expect([name, error]).toEqual([
        name,
        expect.stringMatching(/^ERR (unknown (sub)?command|syntax error|Command is not available)/),
      ]);
    }
  });

  it("every algorithm of @upstash/ratelimit keeps its promises", ({ expect }) => {
    expect(measured.ratelimit.filter(([, { kind }]) => kind !== "works")).toEqual([]);
  });

  it("COMPATIBILITY.md is what was measured", async ({ expect }) => {
    // A newer Redis has commands that the file, which speaks of 7.0, rightly calls missing.
    if (measured.redisVersion !== "7.0") return;
    const file = new URL("./COMPATIBILITY.md", import.meta.url);
    expect(await readFile(file, "utf8")).toBe(await compatibilityText(measured));
  });
});
