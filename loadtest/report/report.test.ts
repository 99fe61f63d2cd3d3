import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { PATTERNS } from "../../shared/patterns.ts";
import { readRun, writeRun } from "../run-file/store.ts";
import {
  fullSyntheticRun,
  remoteRun,
  syntheticMeasurement,
  syntheticRun,
} from "../testing/synthetic-run.ts";
import { spread } from "./charts/frame.ts";
import { element, escaped } from "./markup.ts";
import { report } from "./page.ts";
import { linearScale, logScale } from "./scale.ts";
import { writeReport } from "./write-report.ts";

const folder = mkdtempSync(join(tmpdir(), "kv-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

const small = syntheticRun([
  syntheticMeasurement({ pattern: "leaderboard", tier: "light", requests: 1_000, meanMs: 4 }),
  syntheticMeasurement({
    pattern: "cache-aside",
    tier: "light",
    requests: 1_000,
    meanMs: 6,
    seed: 2,
  }),
]);

const files = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), "utf8")]),
  );

/** The first row of the table of costs. */
const costCells = (html: string): string[] =>
  [
    ...html
      .slice(html.indexOf("<caption>Estimated cost"))
      .split("</tr>", 2)
      .join("")
      .matchAll(/<td[^>]*>(.*?)<\/td>/g),
  ].map(([, cell = ""]) => cell);

describe("the report", () => {
  it("has the same bytes when it is rebuilt from the run file", ({ expect }) => {
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    writeRun(join(first, "run.json"), small);
    writeReport(first, small, small);
    writeRun(join(second, "run.json"), readRun(join(first, "run.json")));
    writeReport(second, readRun(join(second, "run.json")), readRun(join(first, "baseline.json")));
    expect(files(second)).toEqual(files(first));
  });

  it("fetches nothing: no address, no script, no import", ({ expect }) => {
    const { html, svgs } = report(small, small);
    for (const text of [html, ...svgs.values()]) {
      const addresses = text.match(/(?:https?:)?\/\/[^\s"'<)]+/g) ?? [];
      expect(addresses.filter((address) => address !== "http://www.w3.org/2000/svg")).toEqual([]);
      expect(text).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\son\w+=|src=|href=/);
    }
  });

  it("names no path of this machine, no user and no key", ({ expect }) => {
    const { html, svgs } = report(small, null);
    for (const text of [html, JSON.stringify(small), ...svgs.values()]) {
      expect(text).not.toMatch(/\/(?:home|root|tmp|Users|work|var|private)\//);
      expect(text).not.toMatch(/Bearer |local_[0-9a-f]{8}/);
    }
  });

  it("draws the seven charts and two more, each with a title and a description", ({ expect }) => {
    const { svgs } = report(small, null);
    expect([...svgs.keys()]).toEqual([
      "1-throughput.svg",
      "2-response-time.svg",
      "3-throughput-by-load.svg",
      "4-cpu.svg",
      "5-tail-latency.svg",
      "6-memory.svg",
      "7-response-time-by-load.svg",
      "8-distribution.svg",
      "9-latency-over-time.svg",
    ]);
    for (const svg of svgs.values()) {
      expect(svg).toMatch(/<title id="[^"]+">[^<]+<\/title><desc id="[^"]+">[^<]{20,}<\/desc>/);
      expect(svg).not.toMatch(/NaN|Infinity|undefined|null/);
    }
  });

  it("stays below 600 KB with ten patterns at all three loads, and names them all", ({
    expect,
  }) => {
    const { html } = report(fullSyntheticRun(), null);
    expect(Buffer.byteLength(html)).toBeLessThan(600_000);
    for (const pattern of PATTERNS) expect(html).toContain(pattern.title);
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("of an invalid run opens with the reason and ranks nothing", ({ expect }) => {
    const invalid = {
      ...small,
      verdict: { valid: false, reasons: ["leaderboard, light: k6 dropped 3 iterations"] },
    };
    const { html } = report(invalid, null);
    expect(html).toContain("Invalid run");
    expect(html).toContain("k6 dropped 3 iterations");
    expect(html).not.toContain("Recommended");
    expect(html).not.toContain("Ranks, each with");
  });

  it("shows no percentile that fewer than ten requests lie beyond", ({ expect }) => {
    const { html } = report(small, null);
    const numbers = html.slice(html.indexOf('id="numbers"'));
    expect(numbers).toContain("not shown");
  });

  it("of a deployment gives no number to what was not sampled there", ({ expect }) => {
    const { html, svgs } = report(remoteRun(fullSyntheticRun()), null);
    const cells = [...html.matchAll(/<tr><th scope="row">[^<]*<\/th>(.*?)<\/tr>/g)].map(
      ([, row = ""]) => [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell = ""]) => cell),
    );
    const ofCpu = cells.filter((row) => row.filter((cell) => cell === "not sampled").length > 3);
    expect(ofCpu).toHaveLength(30);
    const [, service, worker, gateway, redis, postgres, k6, memory, stores] = ofCpu[0] ?? [];
    const absent = [service, worker, gateway, redis, postgres, memory, stores];
    expect(absent).toEqual(absent.map(() => "not sampled"));
    expect(Number(k6)).toBeGreaterThan(0);
    expect(cells.find(([article]) => article === "3.7")?.[1]).toBe("not sampled");
    expect(svgs.get("4-cpu.svg")).not.toContain("µs/req");
    expect(html).not.toMatch(/NaN|undefined/);
  });

  it("counts no commands and no cost where one of the stores was not counted", ({ expect }) => {
    const partly = {
      ...small,
      measurements: small.measurements.map((one) => ({
        ...one,
        stores: [{ id: "main", requests: 9, commands: null }, ...(one.stores ?? [])],
      })),
    };
    expect(costCells(report(small, null).html)).not.toContain("not counted");
    const [commands, statements, , , , , sum] = costCells(report(partly, null).html);
    expect([commands, statements, sum]).toEqual(["not counted", "0.01", "not counted"]);
  });

  it("turns no name of a run file into markup", ({ expect }) => {
    const evil = '"><script>alert(1)</script>';
    const patterns = small.patterns.map((pattern) => ({ ...pattern, title: evil }));
    const { html, svgs } = report({ ...small, patterns }, null);
    expect(html).toContain(escaped(evil));
    for (const text of [html, ...svgs.values()]) expect(text).not.toContain("<script");
  });
});

describe("markup", () => {
  it("lets neither text nor attributes end early", ({ expect }) => {
    const { markup } = element("p", { title: '"><b a="' }, "<i>&");
    expect(markup).toBe('<p title="&quot;&gt;&lt;b a=&quot;">&lt;i&gt;&amp;</p>');
  });

  it("writes coordinates with two decimals at most", ({ expect }) => {
    expect(element("rect", { x: 1 / 3, y: 2 }).markup).toBe('<rect x="0.33" y="2"/>');
  });
});

describe("scales", () => {
  it("reach from zero past the highest value, in round steps", ({ expect }) => {
    expect(linearScale(4_321, { from: 0, to: 100 }).ticks).toEqual([
      0, 1_000, 2_000, 3_000, 4_000, 5_000,
    ]);
    expect(linearScale(0, { from: 0, to: 100 }).at(0)).toBe(0);
    const scale = linearScale(10, { from: 20, to: 120 });
    expect([scale.at(0), scale.at(5), scale.at(10)]).toEqual([20, 70, 120]);
  });

  it("give equal room to equal factors on a logarithmic axis", ({ expect }) => {
    const scale = logScale(1, 100, { from: 0, to: 200 });
    expect(scale.at(10)).toBeCloseTo(100, 9);
    expect(scale.ticks).toEqual([1, 2, 5, 10, 20, 50, 100]);
  });

  it("keep labels apart without changing their order", ({ expect }) => {
    const places = spread([50, 50, 51, 10], 15, { from: 0, to: 100 });
    const sorted = places.toSorted((a, b) => a - b);
    for (let place = 1; place < sorted.length; place += 1) {
      expect((sorted[place] ?? 0) - (sorted[place - 1] ?? 0)).toBeGreaterThanOrEqual(15);
    }
    expect(places[3]).toBe(10);
    expect(Math.max(...spread([98, 99, 100], 15, { from: 0, to: 100 }))).toBe(100);
  });
});
