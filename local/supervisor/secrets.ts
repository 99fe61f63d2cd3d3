/**
 * @module
 * The secrets of one data folder. Made once, mode 0600, and the same after every restart, so that a key that
 * somebody noted goes on working. A secret that a newer version needs is added beside the old ones.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Secrets {
  /** The API key that has every scope. */
  readonly key: string;
  readonly postgresPassword: string;
  readonly sessionSecret: string;
  /** Redis id -> token of redis-http and password of RESP. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Redis id -> token that redis-http lets read only. */
  readonly readOnlyTokens: Readonly<Record<string, string>>;
}

const SECRET_BYTES = 24;

/** Reads `<dataDir>/secrets.json`, and makes what is missing for these redis ids. The folder must exist. */
export function loadSecrets(dataDir: string, redisIds: readonly string[]): Secrets {
  const path = join(dataDir, "secrets.json");
  const kept = readKept(path);
  const secrets: Secrets = {
    key: kept.key ?? `local_${random()}`,
    postgresPassword: kept.postgresPassword ?? random(),
    sessionSecret: kept.sessionSecret ?? random(),
    tokens: withEach(kept.tokens, redisIds),
    readOnlyTokens: withEach(kept.readOnlyTokens, redisIds),
  };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
  return secrets;
}

/** As API_KEYS holds it: lower-case hex of SHA-256. */
export function keyHash(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

function readKept(path: string): Partial<Secrets> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
  try {
    return JSON.parse(text) as Partial<Secrets>;
  } catch {
    throw new Error(`${path} is not JSON. Delete it to get new secrets.`);
  }
}

function withEach(
  kept: Readonly<Record<string, string>> | undefined,
  ids: readonly string[],
): Readonly<Record<string, string>> {
  return { ...kept, ...Object.fromEntries(ids.map((id) => [id, kept?.[id] ?? random()])) };
}

/** Letters and digits only, so that it fits into URLs, headers and redis.conf as it is. */
function random(): string {
  return randomBytes(SECRET_BYTES).toString("hex");
}
