/** @module The values of bindings that can be seen from here. */
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

/** As `wrangler deploy --secrets-file` takes it: a JSON object of texts, or dotenv lines. */
export function readSecretsFile(path: string): Readonly<Record<string, string>> {
  const text = readFileSync(path, "utf8");
  if (!text.trimStart().startsWith("{")) return defined(parseEnv(text));
  const parsed = JSON.parse(text) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(parsed).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

const BINDINGS: readonly string[] = [
  "UPSTASH_REDIS_REST_URL",
  "UPSTASH_REDIS_REST_TOKEN",
  "REDIS_NODES",
  "REDIS_SHARDS",
  "DATABASE_URL",
  "API_KEYS",
  "SESSION_SECRETS",
  "CORS_ORIGINS",
  "SESSION_ORIGINS",
];

/** Those of the Worker's bindings that the environment has. */
export function bindingsIn(environment: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  return defined(Object.fromEntries(BINDINGS.map((name) => [name, environment[name]])));
}

function defined(
  values: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [[name, value]],
    ),
  );
}
