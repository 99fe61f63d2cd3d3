import type { Cases } from "./case.ts";
import { GEO, HASHES, LISTS, SETS } from "./collections.ts";
import { KEYS, SCRIPTS, SERVER, SUBSCRIPTIONS } from "./keys.ts";
import { SORTED_SETS, STREAMS } from "./ordered.ts";
import { BITS, HYPERLOGLOGS, STRINGS } from "./strings.ts";
import { ARRAYS, INDEXES, JSON_DOCUMENTS } from "./upstash-only.ts";

export const GROUPS: Readonly<Record<string, Cases>> = {
  Strings: STRINGS,
  Bits: BITS,
  HyperLogLogs: HYPERLOGLOGS,
  Keys: KEYS,
  Hashes: HASHES,
  Lists: LISTS,
  Sets: SETS,
  "Sorted sets": SORTED_SETS,
  Geo: GEO,
  Streams: STREAMS,
  "Scripts and functions": SCRIPTS,
  "Publish and subscribe": SUBSCRIPTIONS,
  Server: SERVER,
  JSON: JSON_DOCUMENTS,
  Arrays: ARRAYS,
  "Search and vectors": INDEXES,
};

export const ALL_CASES: Cases = Object.assign({}, ...Object.values(GROUPS)) as Cases;
