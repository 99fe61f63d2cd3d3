import { decodeEntry } from "../entry.ts";
import { dataKey, type ItemRef, leaseKey } from "../keys.ts";
import { type RealStores, YOUNG_MS } from "./stepping-stores.ts";

/** More versions than a run makes. */
const VERSIONS_MAX = 100;

/**
 * Versions by their place in the run, and other numbers not at all: those differ from run to run, but runs do
 * not go on differently for them.
 */
export function digestFrom(firstVersion: number): (result: unknown) => string {
  return (result) =>
    (JSON.stringify(result) ?? "").replace(/\d+/g, (digits) => {
      const place = Number(digits) - firstVersion;
      return place >= 0 && place < VERSIONS_MAX ? `v${place}` : "#";
    });
}

const STORED = `SELECT i.value, i.version, o.version AS pending,
  (SELECT array_agg(op ORDER BY op) FROM jsonb_object_keys(i.ops) op) AS ops
FROM items i LEFT JOIN items_outbox o USING (instance, tenant, id) WHERE i.instance = $1`;

/** All that Postgres holds of an item. */
export function storedRows({ postgres }: RealStores, { instance }: ItemRef) {
  return postgres.query(STORED, [instance]);
}

/**
 * All that Redis holds of an item: of the newest grant whether it is young, of each one whether a reader holds it
 * (`held` by token), since one that was made anew looks like the one before.
 */
export async function cachedKeys(
  { redis }: RealStores,
  item: ItemRef,
  held: ReadonlyMap<string, string>,
) {
  const [data, lease] = [dataKey(item), leaseKey(item)];
  const [entry, grants] = await Promise.all([
    redis.command(["GET", data]),
    redis.command(["HGETALL", lease]),
  ]);
  const nowUs = Date.now() * 1_000;
  const isYoung = (grant: string) => Math.abs(nowUs - Number(grant)) < YOUNG_MS * 500;
  const texts = (Array.isArray(grants) ? grants : []).map(String);
  return [
    entry,
    texts.map((text, place) => {
      const token = texts[place - 1];
      if (place % 2 === 0 || token === undefined) return text;
      return token === "newest" ? isYoung(text) : held.get(token) === text;
    }),
  ];
}

/** `absent` when there is no such item. */
export async function storedVersion({ postgres }: RealStores, item: ItemRef): Promise<string> {
  const select = "SELECT version FROM items WHERE instance = $1 AND deleted_at IS NULL";
  const [row] = await postgres.query(select, [item.instance]);
  return row?.["version"] ?? "absent";
}

/** `absent` when the cache says that there is no such item, `none` when it says nothing. */
export async function cachedVersion({ redis }: RealStores, item: ItemRef): Promise<string> {
  const text = await redis.command(["GET", dataKey(item)]);
  if (typeof text !== "string") return "none";
  return decodeEntry(text)?.version ?? "absent";
}
