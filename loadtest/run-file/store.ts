import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { type Run, runSchema } from "./schema.ts";

export const RUN_FILE = "run.json";
/** A copy of the run that another was compared with, beside it, so that the report can be rebuilt. */
export const BASELINE_FILE = "baseline.json";

/** The file cannot be read as a run; the message says which and why. */
export class RunFileError extends Error {
  override readonly name = "RunFileError";
}

/** Throws `RunFileError` unless `text` is a run of a known version. `name` is for the message. */
export function parseRun(text: string, name: string): Run {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new RunFileError(`${name} is not JSON. Pass the run.json of a finished run.`);
  }
  const parsed = runSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new RunFileError(
    `${name} is not a run that this version can read:\n${z.prettifyError(parsed.error)}`,
  );
}

export function readRun(path: string): Run {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new RunFileError(`There is no run at ${path}. "npm run lab" makes one.`);
  }
  return parseRun(text, path);
}

/** Validates before it writes: what is stored can be read. */
export function writeRun(path: string, run: Run): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(runSchema.parse(run))}\n`);
}
