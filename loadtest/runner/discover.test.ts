import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, it } from "vitest";
import { PATTERNS } from "../../shared/patterns.ts";
import { discoverJourneys } from "./discover.ts";
import { choosePatterns } from "./options.ts";

const JOURNEYS = join(dirname(fileURLToPath(import.meta.url)), "..", "journeys");

const folder = mkdtempSync(join(tmpdir(), "kv-journeys-"));
afterAll(() => rmSync(folder, { recursive: true }));

const META = {
  pattern: "rate-limiting",
  workload: "w",
  verifies: "v",
  consistency: "fresh",
  operations: [{ id: "check", label: "Check", kind: "write", share: 1, storeCommands: 3 }],
  sideRequests: 1,
  sideCommands: 3,
};

describe("discovering journeys", () => {
  it("finds every file of the folder, one a pattern, named after it", async ({ expect }) => {
    const journeys = await discoverJourneys();
    const files = readdirSync(JOURNEYS).filter(
      (name) => name.endsWith(".ts") && !name.endsWith(".d.ts"),
    );
    expect(journeys.map(({ path }) => basename(path)).sort()).toEqual(files.sort());
    for (const { path, meta } of journeys) expect(basename(path)).toBe(`${meta.pattern}.ts`);
    expect(new Set(journeys.map(({ meta }) => meta.pattern)).size).toBe(journeys.length);
    const known = PATTERNS.map((pattern): string => pattern.id);
    for (const { meta } of journeys) expect(known).toContain(meta.pattern);
  });

  it("takes a new pattern from one new file, whatever of k6 it imports", async ({ expect }) => {
    writeFileSync(
      join(folder, "rate-limiting.ts"),
      `import { group as g, sleep } from "k6";\nimport http, { type Params } from "k6/http";\nimport { Trend } from "k6/metrics";\nexport const meta = ${JSON.stringify(META)};\nexport const used: unknown = [g, sleep, http, Trend] satisfies unknown[];\nexport type P = Params;\n`,
    );
    const journeys = await discoverJourneys(folder);
    expect(journeys.map(({ meta }) => meta.pattern)).toEqual(["rate-limiting"]);
  });

  it("says which file has a meta that cannot be used, and why", async ({ expect }) => {
    const operations = [{ ...META.operations[0], share: 0.5 }];
    const bad = { ...META, pattern: "unheard-of", operations };
    writeFileSync(
      join(folder, "rate-limiting.ts"),
      `export const meta = ${JSON.stringify(bad)};\n`,
    );
    await expect(discoverJourneys(folder)).rejects.toThrow(
      /rate-limiting\.ts[\s\S]*(pattern|shares)/,
    );
  });

  it("chooses by name and offers the nearest for one that is unknown", ({ expect }) => {
    const available = [{ meta: { pattern: "cache-aside" } }, { meta: { pattern: "leaderboard" } }];
    expect(choosePatterns(available, null)).toHaveLength(2);
    expect(choosePatterns(available, ["leaderboard"])).toEqual([available[1]]);
    expect(() => choosePatterns(available, ["leaderbord"])).toThrow(/Did you mean leaderboard\?/);
  });
});
