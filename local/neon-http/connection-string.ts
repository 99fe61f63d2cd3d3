/**
 * @module
 * Who asks, and for which database? Reads Neon's connection header the way Neon's proxy does, with its
 * words for what is wrong.
 *
 * Differences from Neon, on purpose: the host is not looked at (there it names the endpoint), so loopback
 * addresses work; and the names of user and database are free, because one neon-http serves one database.
 */
import { createHash, timingSafeEqual } from "node:crypto";

interface Credentials {
  readonly user: string;
  readonly password: string;
}

const NO_PASSWORD = "missing authentication credentials: required password";

/**
 * Whether the caller may ask; `null` when it may, else what Neon would say. `connectionString` and
 * `authorization` are the headers' values; Neon takes no token for an endpoint that wants a password.
 */
export function refusalOf(
  {
    connectionString,
    authorization,
  }: {
    readonly connectionString: string | undefined;
    readonly authorization: string | undefined;
  },
  expectedPassword: string,
): string | null {
  const credentials = readConnectionString(connectionString);
  if (typeof credentials === "string") return credentials;
  if (authorization !== undefined) return NO_PASSWORD;
  if (isSame(credentials.password, expectedPassword)) return null;
  return `password authentication failed for user '${credentials.user}'`;
}

/** Returns what it says, or Neon's text for what is wrong with it. */
function readConnectionString(text: string | undefined): Credentials | string {
  if (text === undefined) return "invalid header: neon-connection-string";
  if (!URL.canParse(text)) return "invalid connection string: relative URL without a base";
  const url = new URL(text);
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") return "incorrect scheme";
  const databaseName = decoded(url.pathname.split("/")[1] ?? "");
  if (databaseName === null || databaseName === "") return "invalid database name";
  const user = decoded(url.username);
  if (user === null) return "invalid username: incomplete utf-8 byte sequence";
  if (user === "") return "missing username";
  const password = decoded(url.password);
  if (password === null || password === "") return NO_PASSWORD;
  return { user, password };
}

function decoded(component: string): string | null {
  try {
    return decodeURIComponent(component);
  } catch {
    return null;
  }
}

/** In a time that does not tell where they differ. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
