import { afterAll, beforeAll, describe, it } from "vitest";
import { dice } from "../../local/faults/dice.ts";
import {
  startTestPostgres,
  startTestRedis,
  type TestPostgres,
  type TestRedis,
} from "../../local/testing/stores.ts";
import type { ItemRef } from "./keys.ts";
import { createFixture } from "./testing/fixture.ts";
import { type Read, violations, type Write } from "./testing/history.ts";
import type { Service } from "./testing/service.ts";

const ITEMS = 3;
const CLIENTS = 10;
const CALLS_PER_CLIENT = 30;
const WRITE_SHARE = 0.35;
const DELETE_SHARE = 0.1;

let redis: TestRedis;
let postgres: TestPostgres;

beforeAll(async () => {
  [redis, postgres] = await Promise.all([startTestRedis(), startTestPostgres()]);
});

afterAll(async () => {
  await Promise.all([redis.stop(), postgres.stop()]);
});

const { named, isolate } = createFixture("histories", () => ({ redis, postgres }));

/** A write as its client knows it: without a version when it failed. */
type Attempted = Omit<Write, "version"> & { readonly version: number | null };

class Recorder {
  readonly writes: Attempted[] = [];
  readonly reads: Read[] = [];
  #time = 0;

  now(): number {
    this.#time += 1;
    return this.#time;
  }

  /** The writes that may have taken effect: one that failed has the version under which it was seen. */
  applied(): Write[] {
    const seen = new Map(this.reads.map(({ value, version }) => [value, version]));
    return this.writes.flatMap((write) => {
      const version = write.version ?? (write.value === null ? UNKNOWN : seen.get(write.value));
      return typeof version === "number" ? [{ ...write, version }] : [];
    });
  }
}

/** Of a deletion that failed: it may be the newest thing that happened. */
const UNKNOWN = Number.MAX_SAFE_INTEGER;

async function writeOnce(service: Service, item: ItemRef, value: string | null, record: Recorder) {
  const startedAt = record.now();
  const options = { deadlineMs: 1_500 };
  try {
    const outcome =
      value === null
        ? await service.remove(item, options)
        : await service.put(item, value, options);
    if (outcome.kind === "refused" || outcome.kind === "mismatch") throw new Error(outcome.kind);
    const isAcknowledged = outcome.kind !== "invalidation_pending";
    const acknowledgedAt = isAcknowledged ? record.now() : null;
    // A deletion that found nothing is no write.
    if (outcome.version === null) return;
    record.writes.push({ startedAt, acknowledgedAt, value, version: Number(outcome.version) });
  } catch {
    record.writes.push({ startedAt, acknowledgedAt: null, value, version: null });
  }
}

async function readOnce(service: Service, item: ItemRef, record: Recorder) {
  const startedAt = record.now();
  const found = await service.read(item, 1_500).catch(() => null);
  if (found?.kind !== "item") return;
  const { version, value } = found.entry;
  record.reads.push({
    startedAt,
    endedAt: record.now(),
    version: version === null ? null : Number(version),
    value: version === null ? null : value,
  });
}

async function history(seed: number, faults: (seed: number) => void, deletes: boolean) {
  const random = dice(seed);
  const items = Array.from({ length: ITEMS }, (_, n) => named(`${seed}-${n}`));
  const recorders = new Map(items.map((item) => [item, new Recorder()]));
  const services = Array.from({ length: 3 }, () => isolate());
  for (const [item, record] of recorders) {
    await writeOnce(services[0] ?? isolate(), item, '"first"', record);
  }
  faults(seed);
  const client = async (name: number) => {
    for (let n = 0; n < CALLS_PER_CLIENT; n += 1) {
      const item = items[Math.floor(random() * ITEMS)];
      const service = services[Math.floor(random() * services.length)];
      const record = item && recorders.get(item);
      if (!item || !service || !record) throw new Error("out of range");
      const chance = random();
      if (chance >= WRITE_SHARE) await readOnce(service, item, record);
      else {
        const isDelete = deletes && random() < DELETE_SHARE;
        await writeOnce(service, item, isDelete ? null : `"${name}-${n}"`, record);
      }
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, name) => client(name)));
  redis.faults.clear();
  postgres.faults.clear();
  await Promise.all(services.map((service) => service.settled()));
  return [...recorders.values()];
}

function failingRedis(seed: number): void {
  const target = "main";
  redis.faults.add({ target, kind: "drop-response", probability: 0.05, seed });
  redis.faults.add({ target, kind: "drop-request", probability: 0.03, seed: seed + 1 });
  redis.faults.add({ target, kind: "delay", delayMs: 30, probability: 0.1, seed });
  redis.faults.add({ target, kind: "duplicate", delayMs: 20, probability: 0.1, seed });
}

function failingPostgres(seed: number): void {
  const target = "postgres";
  postgres.faults.add({ target, kind: "drop-response", probability: 0.05, seed });
  postgres.faults.add({ target, kind: "drop-request", probability: 0.03, seed: seed + 1 });
  postgres.faults.add({ target, kind: "delay", delayMs: 40, probability: 0.1, seed });
  postgres.faults.add({ target, kind: "duplicate", delayMs: 30, probability: 0.1, seed });
}

const CASES: Readonly<Record<string, { faults: (seed: number) => void; deletes: boolean }>> = {
  "without faults": { faults: () => {}, deletes: false },
  "while Redis fails now and then": { faults: failingRedis, deletes: false },
  "while Postgres fails now and then": { faults: failingPostgres, deletes: false },
  "with deletions while both fail now and then": {
    deletes: true,
    faults: (seed) => {
      failingRedis(seed);
      failingPostgres(seed + 10);
    },
  },
};

describe("a random history of several isolates", () => {
  for (const [name, { faults, deletes }] of Object.entries(CASES)) {
    it(`has no read older than the last acknowledged write, ${name}`, async ({ expect }) => {
      for (const record of await history(deletes ? 7 : 3, faults, deletes)) {
        const writes = record.applied();
        expect(violations(writes, record.reads)).toEqual([]);
        expect(record.reads.length).toBeGreaterThan(CALLS_PER_CLIENT);
        const versions = writes.flatMap(({ version }) => (version === UNKNOWN ? [] : [version]));
        expect(new Set(versions).size).toBe(versions.length);
      }
    });
  }
});
