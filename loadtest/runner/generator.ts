/**
 * @module
 * One run of k6. The API key travels in the environment: an argument could be read by every user of the
 * machine.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import type { Target } from "./target.ts";

/** k6 exits with this code when a threshold of the journey was crossed; that is a result. */
const EXIT_THRESHOLDS = 99;
const ERROR_TEXT_MAX = 4_000;

const summarySchema = z.object({
  requests: z.int().nonnegative(),
  dropped: z.int().nonnegative(),
  checksPassed: z.int().nonnegative(),
  checksFailed: z.int().nonnegative(),
});

export type GeneratorCounts = z.infer<typeof summarySchema>;

export interface Load {
  readonly k6Path: string;
  readonly journeyPath: string;
  readonly target: Target;
  /** Unique; the journey names everything it creates by it. */
  readonly loadId: string;
  readonly requests: number;
  readonly vus: number;
  readonly seed: number;
}

export interface Generator {
  readonly pid: number;
  /** The file in which the journey's lines appear. */
  readonly outputPath: string;
  /** `null` when k6 did not finish; `errors` then says why. */
  finished(): Promise<{ readonly counts: GeneratorCounts | null; readonly errors: string }>;
  kill(): void;
  /** Removes the files. */
  discard(): void;
}

export function startGenerator(load: Load): Generator {
  const folder = mkdtempSync(join(tmpdir(), "kv-lab-"));
  const outputPath = join(folder, "lines.txt");
  const summaryPath = join(folder, "summary.json");
  writeFileSync(outputPath, "");
  const child = spawn(
    load.k6Path,
    [
      ...["run", "--quiet", "--no-usage-report", "--address", "localhost:0"],
      ...["--log-format", "raw", "--console-output", outputPath],
      load.journeyPath,
    ],
    { env: environment(load, summaryPath), stdio: ["ignore", "ignore", "pipe"] },
  );
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-ERROR_TEXT_MAX);
  });
  const exit = exitOf(child);
  return {
    pid: child.pid ?? 0,
    outputPath,
    async finished() {
      const code = await exit;
      const isDone = code === 0 || code === EXIT_THRESHOLDS;
      return { counts: isDone ? readCounts(summaryPath) : null, errors: errors.trim() };
    },
    kill: () => child.kill("SIGKILL"),
    discard: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function environment({ target, loadId, requests, vus, seed }: Load, summaryPath: string) {
  return {
    ...process.env,
    KV_LAB_URL: target.url,
    KV_LAB_KEY: target.key,
    KV_LAB_RUN: loadId,
    KV_LAB_REQUESTS: String(requests),
    KV_LAB_VUS: String(vus),
    KV_LAB_SEED: String(seed),
    KV_LAB_SUMMARY: summaryPath,
  };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  try {
    const [code] = await once(child, "exit");
    return typeof code === "number" ? code : null;
  } catch {
    return null;
  }
}

function readCounts(path: string): GeneratorCounts | null {
  try {
    return summarySchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return null;
  }
}
