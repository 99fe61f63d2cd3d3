/**
 * @module
 * The journeys are the files of `loadtest/journeys`; there is no list of them anywhere else.
 *
 * What a journey says about itself (`meta`) is read by a short-lived Node process that imports the file
 * with k6's modules replaced by empty ones, so that the lab never runs a journey's code in its own process.
 */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as z from "zod";
import { PATTERNS } from "../../shared/patterns.ts";
import { CONSISTENCY_LEVELS, type JourneyMeta } from "../protocol/journey-meta.ts";

const JOURNEYS_DIR = join(dirname(fileURLToPath(import.meta.url)), "..", "journeys");
const READER = join(dirname(fileURLToPath(import.meta.url)), "read-meta.ts");
const READ_TIMEOUT_MS = 30_000;

const metaSchema: z.ZodType<JourneyMeta> = z.strictObject({
  pattern: z.enum(PATTERNS.map((pattern) => pattern.id)),
  workload: z.string().min(1),
  verifies: z.string().min(1),
  consistency: z.enum(CONSISTENCY_LEVELS),
  operations: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z0-9-]+$/),
        label: z.string().min(1),
        kind: z.enum(["read", "write"]),
        share: z.number().min(0).max(1),
        storeCommands: z.number().nonnegative(),
      }),
    )
    .min(1)
    .refine((operations) => Math.abs(sum(operations.map((one) => one.share)) - 1) < 1e-9, {
      error: "the shares of the operations must add up to 1",
    }),
  sideRequests: z.int().nonnegative(),
  sideCommands: z.int().nonnegative(),
});

export interface DiscoveredJourney {
  /** Absolute path of the file that k6 runs. */
  readonly path: string;
  readonly meta: JourneyMeta;
}

/** In the order of `shared/patterns.ts`. Throws with the file's name when one cannot be read. */
export async function discoverJourneys(dir: string = JOURNEYS_DIR): Promise<DiscoveredJourney[]> {
  const files = readdirSync(dir)
    .filter((name) => name.endsWith(".ts") && !/\.(d|test)\.ts$/.test(name))
    .map((name) => join(dir, name));
  const { stdout } = await promisify(execFile)(process.execPath, [READER, ...files], {
    timeout: READ_TIMEOUT_MS,
  });
  const metas: unknown = JSON.parse(stdout);
  const journeys = z
    .array(z.unknown())
    .parse(metas)
    .map((meta, place) => ({ path: files[place] ?? "", meta: checked(meta, files[place] ?? "") }));
  const order = PATTERNS.map((pattern): string => pattern.id);
  return journeys.toSorted((a, b) => order.indexOf(a.meta.pattern) - order.indexOf(b.meta.pattern));
}

function checked(meta: unknown, file: string): JourneyMeta {
  const parsed = metaSchema.safeParse(meta);
  if (parsed.success) return parsed.data;
  throw new Error(`${file} does not export a valid \`meta\`:\n${z.prettifyError(parsed.error)}`);
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
