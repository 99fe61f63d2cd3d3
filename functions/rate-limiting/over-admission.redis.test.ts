import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, inject, it, vi } from "vitest";
import { dice } from "../../local/faults/dice.ts";
import { overAdmissionTable } from "./testing/over-admission.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("the README's table of what each algorithm lets pass", () => {
  it("is what they do on the same trace", async ({ expect }) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const measured = await overAdmissionTable({
      database: inject("redis"),
      random: dice(7),
      setNow: (nowMs) => vi.setSystemTime(nowMs),
    });
    const readme = await readFile(join(import.meta.dirname, "README.md"), "utf8");
    expect(readme).toContain(measured);
  });
});
