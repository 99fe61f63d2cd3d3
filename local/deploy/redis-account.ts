/**
 * @module
 * Do the databases answer, and are they what the patterns need? Asks each Redis whose address and token are known
 * here, and, with UPSTASH_EMAIL and UPSTASH_API_KEY, the account whether one of them has read regions: a read that
 * another region answers is stale, and a voter must never be.
 */
import type { Problem } from "./deployment.ts";

export interface RedisDatabase {
  /** For people: `REDIS_NODES node-1`. */
  readonly name: string;
  readonly url: string;
  readonly token: string;
}

const TIMEOUT_MS = 5000;
const ACCOUNT_API_URL = "https://api.upstash.com";

/** Every Redis that the values name. Malformed values name none: they are told elsewhere. */
export function redisDatabases(values: Readonly<Record<string, string>>): readonly RedisDatabase[] {
  const {
    UPSTASH_REDIS_REST_URL: url,
    UPSTASH_REDIS_REST_TOKEN: token,
    REDIS_NODES,
    REDIS_SHARDS,
  } = values;
  const main =
    url === undefined || token === undefined
      ? []
      : [{ name: "UPSTASH_REDIS_REST_URL", url, token }];
  const nodes = readList<NamedDatabase>(REDIS_NODES).map((node) => ({
    name: `REDIS_NODES ${node.id}`,
    url: node.url,
    token: node.token,
  }));
  const shards = readList<ShardEntry>(REDIS_SHARDS).map(({ id, primary }) => ({
    name: `REDIS_SHARDS ${id}`,
    url: primary?.url ?? "",
    token: primary?.token ?? "",
  }));
  return [...main, ...nodes, ...shards];
}

/** Databases that do not answer PING with their token. */
export async function silentDatabases(
  databases: readonly RedisDatabase[],
): Promise<readonly Problem[]> {
  const answers = await Promise.all(databases.map(ping));
  return answers.flatMap((fault, index) => {
    const name = databases[index]?.name ?? "";
    return fault === null
      ? []
      : [{ what: `${name} does not answer: ${fault}`, mend: `correct its url and token` }];
  });
}

export interface Account {
  readonly email: string;
  readonly apiKey: string;
  /** Of the Upstash developer API; another one in tests. */
  readonly apiUrl?: string;
}

/** Databases of the account that have read regions. Voters and the main database must have none. */
export async function databasesWithReadRegions(
  databases: readonly RedisDatabase[],
  { email, apiKey, apiUrl = ACCOUNT_API_URL }: Account,
): Promise<readonly Problem[]> {
  const response = await fetch(`${apiUrl}/v2/redis/databases`, {
    headers: { authorization: `Basic ${Buffer.from(`${email}:${apiKey}`).toString("base64")}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) {
    return [
      {
        what: `the Upstash account answers ${response.status}`,
        mend: "correct UPSTASH_EMAIL and UPSTASH_API_KEY",
      },
    ];
  }
  const owned = (await response.json()) as readonly OwnedDatabase[];
  return databases
    .filter(({ name }) => !name.startsWith("REDIS_SHARDS"))
    .flatMap(({ name, url }) => {
      const endpoint = new URL(url).hostname.split(".")[0];
      const database = owned.find((one) => one.endpoint.split(".")[0] === endpoint);
      const regions = database?.read_regions ?? [];
      if (regions.length === 0) return [];
      return [
        {
          what: `${name} has read regions (${regions.join(", ")})`,
          mend: `remove them in the Upstash console, or use a database without`,
        },
      ];
    });
}

interface NamedDatabase {
  readonly id: string;
  readonly url: string;
  readonly token: string;
}

interface ShardEntry {
  readonly id: string;
  readonly primary?: { readonly url: string; readonly token: string };
}

/** The fields of Upstash's developer API that are used (GET /v2/redis/databases). */
interface OwnedDatabase {
  /** Host name, with or without its domain. */
  readonly endpoint: string;
  readonly read_regions?: readonly string[];
}

/** What is wrong, or `null`. Never with the token in it. */
async function ping({ url, token }: RedisDatabase): Promise<string | null> {
  try {
    const response = await fetch(`${url.replace(/\/$/, "")}/ping`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return response.ok ? null : `HTTP ${response.status}`;
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError"
      ? "timeout"
      : "it cannot be reached";
  }
}

function readList<Entry>(text: string | undefined): readonly Entry[] {
  try {
    const list: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? (list as readonly Entry[]) : [];
  } catch {
    return [];
  }
}
