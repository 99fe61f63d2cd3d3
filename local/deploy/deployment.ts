/**
 * @module
 * Can this deployment work? Judges what is known of it before anything is uploaded, and says for each thing that
 * is missing or wrong which command mends it.
 *
 * The values of secrets cannot be read back from Cloudflare. A secret that is set there counts as present; its
 * value is judged only where it is given here as well.
 */

export interface Deployment {
  /** `[env.<name>]` of the configuration, or `null` for the top level. */
  readonly env: string | null;
  /** Names of the secrets that are set at Cloudflare; `null` when that was not asked, so none counts as missing. */
  readonly secrets: readonly string[] | null;
  /** Names that this deploy sets: `[vars]` and the secrets file. */
  readonly uploads: readonly string[];
  /** Values that are known here: `[vars]`, the secrets file, the environment. */
  readonly values: Readonly<Record<string, string>>;
  /** Binding names of the top level, and of this environment, which inherits none of them. */
  readonly bindings: { readonly topLevel: readonly string[]; readonly own: readonly string[] };
}

export interface Problem {
  readonly what: string;
  /** The command or the edit that mends it. */
  readonly mend: string;
}

/** Bindings whose values the Worker judges by itself, by the name that `readConfig` gives the fault. */
const JUDGED = {
  UPSTASH_REDIS_REST_URL: "redis",
  UPSTASH_REDIS_REST_TOKEN: "redis",
  DATABASE_URL: "postgres",
  API_KEYS: "apiKeys",
  REDIS_NODES: "redisNodes",
  REDIS_SHARDS: "redisShards",
  CORS_ORIGINS: "corsOrigins",
  SESSION_SECRETS: "sessionSecrets",
  SESSION_ORIGINS: "sessionOrigins",
  INSTANCE: "instance",
} as const;

export type ConfigFaults = Readonly<Record<(typeof JUDGED)[keyof typeof JUDGED], string | null>>;

const NODES = "REDIS_NODES";
const VOTERS = 3;

/** Names and addresses that only this machine, or its network, resolves to something. */
const LOCAL_HOSTS: readonly RegExp[] = [
  /^(.+\.)?localhost$/,
  /\.(local|localtest\.me|internal)$/,
  /^(127|10|0)\.\d+\.\d+\.\d+$/,
  /^192\.168\.\d+\.\d+$/,
  /^172\.(1[6-9]|2\d|3[01])\.\d+\.\d+$/,
  /^169\.254\.\d+\.\d+$/,
  /^\[(::1?|f[cd][0-9a-f]{2}:.*|fe80:.*)\]$/,
];

/** `judge` is the Worker's own reading of its bindings: what it says of a value is what callers would see. */
export function deploymentProblems(
  deployment: Deployment,
  judge: (values: Readonly<Record<string, string>>) => ConfigFaults,
): readonly Problem[] {
  return [
    ...missingSecrets(deployment),
    ...missingBindings(deployment),
    ...malformedValues(deployment, judge),
    ...localValues(deployment),
    ...voterProblems(deployment),
  ];
}

/** What the deployment will not promise, for people to know: it is no reason not to deploy. */
export function deploymentNotes({ secrets, uploads }: Deployment): readonly string[] {
  if (secrets === null) return [];
  const isSet = (name: string) => secrets.includes(name) || uploads.includes(name);
  const unset = ["REDIS_NODES", "REDIS_SHARDS"].filter((name) => !isSet(name));
  if (unset.length === 0) return [];
  return [
    `${unset.join(" and ")} not set: every pattern lives in the one Redis database and survives no loss of it (Kv-Durability: single-database).`,
  ];
}

/** The command that sets a secret; where its value can be made, with the command that makes it. */
function secretCommand(name: string, env: string | null): string {
  const put = `npx wrangler secret put ${name}${env === null ? "" : ` --env ${env}`}`;
  const isMade = name === "API_KEYS" || name === "SESSION_SECRETS";
  return isMade ? `npx node local/make-secret.ts ${name} | ${put}` : put;
}

function missingSecrets({ env, secrets, uploads }: Deployment): readonly Problem[] {
  if (secrets === null) return [];
  const required = [
    "UPSTASH_REDIS_REST_URL",
    "UPSTASH_REDIS_REST_TOKEN",
    "DATABASE_URL",
    "API_KEYS",
    "SESSION_SECRETS",
  ];
  return required
    .filter((name) => !secrets.includes(name) && !uploads.includes(name))
    .map((name) => ({ what: `${name} is not set`, mend: secretCommand(name, env) }));
}

function missingBindings({ env, bindings }: Deployment): readonly Problem[] {
  if (env === null) return [];
  return bindings.topLevel
    .filter((name) => !bindings.own.includes(name))
    .map((name) => ({
      what: `[env.${env}] has no binding ${name}`,
      mend: `repeat it under [env.${env}] in wrangler.toml: environments do not inherit bindings`,
    }));
}

function malformedValues(
  { env, values }: Deployment,
  judge: (values: Readonly<Record<string, string>>) => ConfigFaults,
): readonly Problem[] {
  const faults = judge(values);
  return Object.entries(JUDGED)
    .filter(([name]) => values[name] !== undefined)
    .flatMap(([name, key]) => {
      const fault = faults[key];
      // One fault may speak of either of two bindings: each is told once, under its own name.
      return fault?.startsWith(`${name} `) ? [{ what: fault, mend: secretCommand(name, env) }] : [];
    });
}

function localValues({ env, values }: Deployment): readonly Problem[] {
  return ["UPSTASH_REDIS_REST_URL", "DATABASE_URL", "REDIS_NODES", "REDIS_SHARDS"].flatMap(
    (name) => {
      const host = urlsIn(values[name] ?? "").find(isLocal);
      if (host === undefined) return [];
      return [{ what: `${name} points at this machine (${host})`, mend: secretCommand(name, env) }];
    },
  );
}

function voterProblems({ env, values }: Deployment): readonly Problem[] {
  const nodes = readNodes(values[NODES]);
  if (nodes === null) return [];
  const mend = secretCommand("REDIS_NODES", env);
  const problems: Problem[] = [];
  const voters = nodes.filter(({ role }) => role === "voter");
  if (voters.length !== VOTERS) {
    problems.push({ what: `REDIS_NODES has ${voters.length} voters; it takes ${VOTERS}`, mend });
  }
  const hosts = nodes.map(({ url }) => (URL.canParse(url) ? new URL(url).host : url));
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index);
  if (twice !== undefined) {
    problems.push({ what: `two of REDIS_NODES are the same database (${twice})`, mend });
  }
  return problems;
}

interface Node {
  readonly url: string;
  readonly role: string;
}

/** `null` where there is none or it is malformed, which the Worker's own judgement says. */
function readNodes(text: string | undefined): readonly Node[] | null {
  try {
    const nodes: unknown = JSON.parse(text ?? "null");
    if (!Array.isArray(nodes)) return null;
    return nodes.map(({ url, role }: Partial<Node>) => ({ url: String(url), role: String(role) }));
  } catch {
    return null;
  }
}

/** Hosts of every URL in a value, which is one itself or JSON that holds some. */
function urlsIn(value: string): readonly string[] {
  const urls = value.match(/[a-z]+:\/\/[^\s"']+/g) ?? [];
  return urls.flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : []));
}

function isLocal(host: string): boolean {
  return LOCAL_HOSTS.some((pattern) => pattern.test(host));
}
