/**
 * @module
 * Readers, writers and what happens around them, as actors of a schedule over real stores: where a run stands,
 * and whether it kept the promise.
 */
import { encodeEntry } from "../entry.ts";
import { STALE_IF_ERROR_MS } from "../freshness.ts";
import { createGate } from "../gate.ts";
import { dataKey, type ItemRef, leaseKey } from "../keys.ts";
import { opOf } from "../op.ts";
import { drainOutbox } from "../outbox.ts";
import { readItem } from "../read.ts";
import { write } from "../write.ts";
import type { Run } from "./explore.ts";
import { violations, type Write } from "./history.ts";
import { type Choice, createSchedule, type Fate, type Schedule } from "./schedule.ts";
import {
  errorOf,
  type RealStores,
  type Stepping,
  steppingStores,
  YOUNG_MS,
} from "./stepping-stores.ts";
import {
  cachedKeys,
  cachedVersion,
  digestFrom,
  storedRows,
  storedVersion,
} from "./stored-state.ts";

/** When everything is cached and read. */
const NOW_MS = 1_700_000_000_000;

/** What may happen besides: the outbox is looked after, grants get old, the entry or the grants expire. */
export type Event = "drain" | "age" | "expire" | "ungrant";

export interface Scenario {
  /** What the item is before, as JSON; null for absent. */
  readonly before: string | null;
  /** What is cached of it before. */
  readonly cached: "nothing" | "fresh" | "stale";
  readonly readers: number;
  /** What each writer writes, as JSON; null deletes. */
  readonly writers: readonly (string | null)[];
  readonly events?: readonly Event[];
  readonly faultsOf?: (actor: string, label: string) => readonly Fate[];
}

interface World {
  readonly real: RealStores;
  readonly item: ItemRef;
  readonly schedule: Schedule;
  /** By the actor that wrote. */
  readonly writes: Map<string, Write>;
  /** Reads under way, and the version that each has to see at least. */
  readonly floors: Map<string, number>;
  broken: string | null;
  /** What Postgres holds, as far as no call has changed it since. */
  rows: ReturnType<typeof storedRows> | null;
  isGranted: boolean;
  /** The last grant that each reader was told, by its token. */
  readonly held: Map<string, string>;
}

let runs = 0;

/** A run of a scenario on an item, and in an instance, of its own. */
export async function beginRun(real: RealStores, scenario: Scenario): Promise<Run> {
  runs += 1;
  const item = { instance: `run-${runs}`, tenant: "test", id: "item" };
  const firstVersion = await prepare(real, item, scenario);
  const digest = digestFrom(firstVersion);
  const { faultsOf = () => [] } = scenario;
  const schedule = createSchedule({ faultsOf, faultsMax: 1, errorOf, digest });
  const world: World = {
    real,
    item,
    schedule,
    writes: new Map(),
    floors: new Map(),
    broken: null,
    rows: null,
    isGranted: false,
    held: new Map(),
  };
  if (scenario.before !== null) {
    const { before: value } = scenario;
    world.writes.set("-", { version: firstVersion, value, startedAt: 0, acknowledgedAt: 0 });
  }
  for (let n = 1; n <= scenario.readers; n += 1) spawnReader(world, `R${n}`);
  for (const [n, value] of scenario.writers.entries()) spawnWriter(world, `W${n + 1}`, value);
  for (const event of scenario.events ?? []) spawnEvent(world, event);
  return {
    choices: () => choicesOf(world, scenario),
    async take(choice) {
      await schedule.take(choice);
      if (world.broken !== null) throw new Error(world.broken);
    },
    async state() {
      const { writes, floors, held } = world;
      world.rows ??= storedRows(real, item);
      const known = [[...writes.values()].map(factsOf), [...floors], await world.rows];
      return `${schedule.position()} ${digest([...known, await cachedKeys(real, item, held)])}`;
    },
    finish: () => checkAtRest(world),
  };
}

/**
 * Not those that change nothing yet: no grant to age, nothing in the outbox. And nothing but a confirmation when
 * there is one: to the others it is the same whenever it comes, unless the outbox is looked after.
 */
function choicesOf(
  { schedule, isGranted, writes }: World,
  { events = [] }: Scenario,
): readonly Choice[] {
  const choices = schedule.choices();
  const confirmation = choices.find(({ label }) => label.startsWith("WITH"));
  if (confirmation !== undefined && !events.includes("drain")) return [confirmation];
  const useful = choices.filter(({ actor, label }) => {
    if (actor === "age" || actor === "ungrant") return isGranted;
    if (actor === "drain" && label === "SELECT")
      return [...writes.keys()].some((who) => who !== "-");
    return true;
  });
  return useful.length > 0 ? useful : choices;
}

const factsOf = ({ version, value, acknowledgedAt }: Write) => [
  version,
  value,
  acknowledgedAt !== null,
];

const PREPARE = `WITH next AS (SELECT nextval('items_version') AS version), made AS (
  INSERT INTO items (instance, tenant, id, value, version, updated_at)
  SELECT $1, $2, $3, $4::json, version, clock_timestamp() FROM next WHERE $4::json IS NOT NULL
) SELECT version FROM next`;

/** Puts the item into the stores as the scenario finds it. Returns its version. */
async function prepare(
  { redis, postgres }: RealStores,
  item: ItemRef,
  { before, cached }: Scenario,
): Promise<number> {
  const { instance, tenant, id } = item;
  const [row] = await postgres.query(PREPARE, [instance, tenant, id, before]);
  const version = row?.["version"] ?? "";
  if (cached !== "nothing") {
    const entry = encodeEntry({
      version: before === null ? null : version,
      value: before ?? "",
      loadedAtMs: NOW_MS,
      freshUntilMs: cached === "fresh" ? NOW_MS + 1_000 : NOW_MS - 1_000,
      loadMs: 0,
    });
    await redis.command(["SET", dataKey(item), entry, "PX", STALE_IF_ERROR_MS]);
  }
  return Number(version);
}

/** A request of an actor, which tells the world what it does. */
function requestOf(world: World, actor: string, value: string | null, onFirst = () => {}) {
  const { schedule, writes } = world;
  let calls = 0;
  const stepping = {
    ...eventStepping(world),
    onGrant: (token: string, grant: string) => {
      world.held.set(token, grant);
    },
    onCall(label: string) {
      if (calls === 0) onFirst();
      calls += 1;
      noteCall(world, label);
    },
    onWrite(row: Readonly<Record<string, string | null>> | undefined) {
      const version = row?.["at_version"];
      if (!version || row["kind"] === "refused" || writes.has(actor)) return;
      const startedAt = schedule.now();
      writes.set(actor, { version: Number(version), value, startedAt, acknowledgedAt: null });
    },
  };
  let works = 0;
  let ids = 0;
  return {
    ...steppingStores(stepping, actor),
    clock: () => NOW_MS,
    random: () => 0.5,
    newId: () => {
      ids += 1;
      return `${actor}-${ids}`;
    },
    afterReply: (work: (stores: ReturnType<typeof steppingStores>) => Promise<unknown>) => {
      works += 1;
      const name = `${actor}.${works}`;
      schedule.spawn(name, () => work(steppingStores(stepping, name)), actor);
    },
  };
}

function eventStepping(world: World): Stepping {
  const { real, schedule } = world;
  const onCall = (label: string) => noteCall(world, label);
  return { real, schedule, onCall, onWrite: () => {}, onGrant: () => {} };
}

function noteCall(world: World, label: string): void {
  if (label === "write" || label.startsWith("WITH")) world.rows = null;
  if (label === "lease") world.isGranted = true;
}

/** A read begins with its first call, which is the latest that it can: so it has to see the most. */
function spawnReader(world: World, actor: string): void {
  const { schedule, item, floors, writes } = world;
  const begin = () => {
    const acknowledged = [...writes.values()].filter((w) => w.acknowledgedAt !== null);
    floors.set(actor, Math.max(0, ...acknowledged.map(({ version }) => version)));
    return schedule.now();
  };
  schedule.spawn(actor, async () => {
    let startedAt = 0;
    const request = requestOf(world, actor, null, () => {
      startedAt = begin();
    });
    const found = await readItem({ ...request, gate: createGate(1), count: () => {} }, item);
    floors.delete(actor);
    if (found.kind !== "item") return;
    const { version, value } = found.entry;
    const endedAt = schedule.now();
    const read =
      version === null
        ? { startedAt, endedAt, version: null, value: null }
        : { startedAt, endedAt, version: Number(version), value };
    world.broken ??= violations([...writes.values()], [read])[0] ?? null;
  });
}

function spawnWriter(world: World, actor: string, value: string | null): void {
  const { schedule, item, writes } = world;
  schedule.spawn(actor, async () => {
    const op = opOf({ method: "PUT", idempotencyKey: actor, body: "" }, () => "");
    const change = { item, value, op, condition: { kind: "none" } as const };
    const outcome = await write(requestOf(world, actor, value), change, "strict");
    const written = writes.get(actor);
    if (outcome.kind === "invalidation_pending" || written === undefined) return;
    writes.set(actor, { ...written, acknowledgedAt: schedule.now() });
  });
}

function spawnEvent(world: World, event: Event): void {
  const { schedule, real, item } = world;
  const [data, lease] = [dataKey(item), leaseKey(item)];
  if (event === "drain") {
    const stores = steppingStores(eventStepping(world), event);
    schedule.spawn(event, () => drainOutbox(stores, item.instance, { settlingMs: 0 }));
    return;
  }
  const happen = async () => {
    if (event === "expire") await real.redis.command(["DEL", data]);
    else if (event === "ungrant") await real.redis.command(["DEL", lease]);
    else if ((await real.redis.command(["EXISTS", lease])) === 1) {
      await real.redis.command(["HINCRBY", lease, "newest", -YOUNG_MS * 1_000]);
    }
  };
  schedule.spawn(event, () => schedule.step(event, event, happen));
}

/** When nothing is under way any more and the outbox has been looked after, the cache holds no older version. */
async function checkAtRest({ real, item, writes }: World): Promise<void> {
  const attempts = {
    deadline: { expiresAtMs: Number.MAX_SAFE_INTEGER, remainingMs: () => 10_000 },
    clock: () => 0,
    random: () => 0,
    sleep: async () => {},
  };
  await drainOutbox({ ...real, attempts }, item.instance, { settlingMs: 0 });
  const stored = await storedVersion(real, item);
  const cached = await cachedVersion(real, item);
  if (cached !== "none" && cached !== stored) {
    throw new Error(`at rest ${cached} is cached and ${stored} is stored`);
  }
  for (const { version, value, acknowledgedAt } of writes.values()) {
    const isUndone = version > Number(stored) && (stored !== "absent" || value !== null);
    if (acknowledgedAt !== null && isUndone) throw new Error(`write ${version} is lost`);
  }
}
