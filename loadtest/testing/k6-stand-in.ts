/**
 * @module
 * What k6 does as the lab sees it, without sending anything: the lines of a journey and the summary of a load whose
 * answers are right, unless `STAND_IN` says what goes wrong. For tests of the lab itself.
 *
 * | `STAND_IN` | |
 * |---|---|
 * | `wrong` | one answer of each load is wrong |
 * | `goes-back` | a reader is behind what another one has read while the write was under way |
 * | `fails` | the medium load ends at once, without a request |
 * | `hangs` | the medium load never ends; its pid is in `STAND_IN_PID` |
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  asideLine,
  findingLine,
  markLine,
  type Observation,
  requestLine,
} from "../protocol/lines.ts";
import { TIERS } from "../protocol/tiers.ts";

const SETUP_MS = 200;
const LOAD_MS = 500;
const VERSION = "k6 v1.8.1 (stand-in)";

const [, MEDIUM] = TIERS;
const {
  STAND_IN,
  STAND_IN_PID = "",
  KV_LAB_SUMMARY = "",
  KV_LAB_REQUESTS,
  KV_LAB_VUS,
} = process.env;
const requests = Number(KV_LAB_REQUESTS);
const vus = Number(KV_LAB_VUS);

const [command, ...args] = process.argv.slice(2);
if (command === "version") process.stdout.write(`${VERSION}\n`);
else await run(args[args.indexOf("--console-output") + 1] ?? "");

async function run(outputPath: string): Promise<void> {
  if (requests === MEDIUM.requests && STAND_IN === "fails") {
    process.stderr.write("could not open /a/private/path\n");
    process.exit(1);
  }
  if (requests === MEDIUM.requests && STAND_IN === "hangs") {
    writeFileSync(STAND_IN_PID, String(process.pid));
    setInterval(() => {}, 1e9);
    return;
  }
  const write = (lines: readonly string[]) => appendFileSync(outputPath, `${lines.join("\n")}\n`);
  write([asideLine(Date.now(), before()), markLine("load")]);
  await sleep(SETUP_MS);
  const startMs = Date.now();
  await sleep(LOAD_MS);
  write([...load(startMs), markLine("over")]);
  await sleep(SETUP_MS);
  write([findingLine({ name: "everything is there", checked: 1, violations: [] })]);
  const failed = STAND_IN === "wrong" ? 1 : 0;
  const counts = { requests, dropped: 0, checksPassed: requests - failed, checksFailed: failed };
  writeFileSync(KV_LAB_SUMMARY, JSON.stringify(counts));
}

/** Every caller sends one request after the other, all of the same length. */
function load(startMs: number): string[] {
  const rounds = Math.ceil(requests / vus);
  return Array.from({ length: requests }, (_, index) => {
    const from = Math.floor((Math.floor(index / vus) * LOAD_MS) / rounds);
    const to = Math.floor(((Math.floor(index / vus) + 1) * LOAD_MS) / rounds);
    return requestLine({
      index,
      startMs: startMs + from,
      elapsedMs: to - from,
      durationUs: Math.round((LOAD_MS * 1_000) / rounds),
      operation: 0,
      status: 200,
      error: STAND_IN === "wrong" && index === 7 ? "wrong_score" : null,
      trips: 1,
      storeRequests: 1,
      history: seen(index),
    });
  });
}

function before(): Observation[] {
  return STAND_IN === "goes-back" ? [observation("write", 1)] : [];
}

/** Version 2 is read, then 1, and only then 2 is acknowledged: no read is older than an acknowledged write. */
function seen(index: number): Observation[] {
  if (STAND_IN !== "goes-back") return [];
  if (index === 0) return [observation("read", 2)];
  if (index === requests / 2) return [observation("read", 1)];
  return index === requests - 1 ? [observation("write", 2)] : [];
}

function observation(kind: Observation["kind"], version: number): Observation {
  return { kind, key: "k", version, token: 0 };
}
