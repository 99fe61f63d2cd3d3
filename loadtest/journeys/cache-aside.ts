/**
 * @module
 * Cache-aside under load: reads with some writes on 1,000 items of which a few are hot, so that hits,
 * misses, fills and invalidations meet. Every value says which write it is from; a value older than an
 * acknowledged write, or one that nobody wrote, makes the run invalid.
 */
import type { JourneyMeta } from "../protocol/journey-meta.ts";
import { type Finding, type Observation, VIOLATIONS_MAX } from "../protocol/lines.ts";
import { hash32, unit } from "../protocol/random.ts";
import { pick, zipf } from "../protocol/zipf.ts";
import type { Call, Client, Reply } from "./lib/client.ts";
import { isObject, require, wrongStatus } from "./lib/expect.ts";
import { defineJourney, type Run } from "./lib/journey.ts";

export const meta = {
  pattern: "cache-aside",
  workload:
    "90 % reads, 10 % writes; 1,000 items of about 250 bytes chosen by Zipf 0.99, all written once before",
  verifies:
    "no read is older than the last acknowledged write of its item, a version has one value, and at the end cache and database hold the last write",
  consistency: "fresh",
  operations: [
    { id: "read", label: "Read an item", kind: "read", share: 0.9, storeCommands: 5 },
    { id: "write", label: "Write an item", kind: "write", share: 0.1, storeCommands: 6 },
  ],
  sideRequests: 4_200,
  sideCommands: 26_000,
} as const satisfies JourneyMeta;

const SHARES = meta.operations.map((operation) => operation.share);
const READ = 0;

const ITEMS = 1_000;
const PAYLOAD_WORDS = 30;
const INVALIDATE_BATCH = 100;
/** Items that the end of the run deletes, and as many that never were. */
const ABSENT = 20;

const SALT = { operation: 1, item: 2, payload: 3 } as const;

const itemRank = zipf(ITEMS);

export const { options, setup, run, teardown, handleSummary } = defineJourney({
  meta,
  setup: prepare,
  request,
  verify,
  cleanUp(service, run) {
    service.sendAll(range(ITEMS).map((item) => ({ method: "DELETE", path: itemPath(run, item) })));
  },
});

/** Write 0 of an item is the one before the load, write n + 1 is that of request n. */
function value(run: Run, item: number, write: number) {
  const word = hash32(run.seed + item, write, SALT.payload)
    .toString(36)
    .padStart(7, "0");
  return { item, write, payload: word.repeat(PAYLOAD_WORDS) };
}

const itemPath = (run: Run, item: number) => `/cache-aside/items/lab-${run.id}-${item}`;

const put = (run: Run, item: number, write: number): Call => ({
  method: "PUT",
  path: itemPath(run, item),
  body: value(run, item, write),
  idempotencyKey: `lab-${run.id}-${item}-${write}`,
});

const get = (run: Run, item: number): Call => ({ method: "GET", path: itemPath(run, item) });

const range = (count: number): number[] => Array.from({ length: count }, (_, place) => place);

function prepare(service: Client, run: Run): Observation[] {
  const replies = service.sendAll(range(ITEMS).map((item) => put(run, item, 0)));
  return replies.map((reply, item) => {
    require(reply, [200, 201], `writing item ${item}`);
    return observation("write", item, versionOf(reply) ?? 0, 0);
  });
}

function request(service: Client, run: Run, index: number) {
  const item = itemRank(unit(run.seed, index, SALT.item));
  const operation = pick(SHARES, unit(run.seed, index, SALT.operation));
  if (operation === READ) {
    const reply = service.send(get(run, item));
    return { operation, reply, ...judgeRead(run, item, reply) };
  }
  const write = index + 1;
  const reply = service.send(put(run, item, write));
  const wrong = wrongStatus(reply, [200]);
  if (wrong !== null) return { operation, reply, wrong };
  const version = versionOf(reply);
  if (version === null) return { operation, reply, wrong: "bad_version: no version in the ETag" };
  return { operation, reply, wrong, history: [observation("write", item, version, write)] };
}

interface Judged {
  readonly wrong: string | null;
  readonly history?: readonly Observation[];
}

function judgeRead(run: Run, item: number, reply: Reply): Judged {
  const wrong = wrongStatus(reply, [200]);
  if (wrong !== null) return { wrong };
  const version = versionOf(reply);
  if (version === null) return { wrong: "bad_version: no version in the ETag" };
  const body = reply.json();
  const write = isObject(body) ? body["write"] : null;
  if (!isObject(body) || typeof write !== "number")
    return { wrong: "wrong_value: not one of ours" };
  const expected = value(run, item, write);
  if (body["item"] !== item || body["payload"] !== expected.payload) {
    return { wrong: `wrong_value: item ${item} holds something else` };
  }
  return { wrong: null, history: [observation("read", item, version, write)] };
}

/** The version in the `ETag` (a strong tag may come back weak through an edge that compresses). */
function versionOf(reply: Reply): number | null {
  const tag = /^(?:W\/)?"(\d+)"$/.exec(reply.header("Etag") ?? "");
  return tag ? Number(tag[1]) : null;
}

/** Versions come from one sequence, so they can be compared; the token is the write a value claims. */
const observation = (
  kind: Observation["kind"],
  item: number,
  version: number,
  write: number,
): Observation => ({ kind, key: String(item), version, token: write + 1 });

function verify(service: Client, run: Run) {
  const cached = readAll(service, run);
  const invalidations = range(ITEMS / INVALIDATE_BATCH).map((batch): Call => {
    const first = batch * INVALIDATE_BATCH;
    const ids = range(INVALIDATE_BATCH).map((place) => `lab-${run.id}-${first + place}`);
    return { method: "POST", path: "/cache-aside/invalidate", body: { ids } };
  });
  const refused = service
    .sendAll(invalidations)
    .flatMap((reply) => wrongStatus(reply, [200]) ?? []);
  const stored = readAll(service, run);
  const differing = cached.observations.filter(
    (seen, place) => seen.version !== stored.observations[place]?.version,
  );
  const findings: Finding[] = [
    finding("every item is there, with a value that was written", ITEMS, [
      ...cached.violations,
      ...stored.violations,
    ]),
    finding("cache and database hold the same version of every item", ITEMS, [
      ...refused,
      ...differing.map((seen) => `item ${seen.key} differs`),
    ]),
    finding(
      "absent items are absent, created ones are there at once",
      ABSENT,
      absent(service, run),
    ),
  ];
  return { findings, final: [...cached.observations, ...stored.observations] };
}

function readAll(service: Client, run: Run) {
  const observations: Observation[] = [];
  const violations: string[] = [];
  for (const [item, reply] of service.sendAll(range(ITEMS).map((i) => get(run, i))).entries()) {
    const { wrong, history } = judgeRead(run, item, reply);
    if (wrong !== null) violations.push(`item ${item}: ${wrong}`);
    observations.push(...(history ?? []));
  }
  return { observations, violations };
}

/** Looks for items that never were (twice: the absence is cached), creates them, reads, deletes, reads. */
function absent(service: Client, run: Run): string[] {
  const ids = range(ABSENT).map((place) => ITEMS + place);
  const all = (calls: readonly Call[], status: number, what: string) =>
    service.sendAll(calls).flatMap((reply, place) => {
      const wrong = wrongStatus(reply, [status]);
      return wrong === null ? [] : [`item ${ids[place]} ${what}: ${wrong}`];
    });
  const reads = ids.map((id) => get(run, id));
  const deletes = ids.map((id): Call => ({ method: "DELETE", path: itemPath(run, id) }));
  return [
    ...all(reads, 404, "before it was written"),
    ...all(reads, 404, "before it was written, asked again"),
    ...all(
      ids.map((id) => put(run, id, 0)),
      201,
      "written",
    ),
    ...all(reads, 200, "after it was written"),
    ...all(deletes, 204, "deleted"),
    ...all(reads, 404, "after it was deleted"),
  ];
}

const finding = (name: string, checked: number, violations: readonly string[]): Finding => ({
  name,
  checked,
  violations: violations.slice(0, VIOLATIONS_MAX),
});
