/**
 * @module
 * `npm run deploy`: checks that what is about to be deployed can work, brings the tables into the Postgres that it
 * was told, and then calls `wrangler deploy`. Nothing is changed anywhere before every check has passed.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { neon } from "@neondatabase/serverless";
import { readCommandLine } from "./command-line.ts";
import {
  type ConfigFaults,
  type Deployment,
  deploymentNotes,
  deploymentProblems,
  type Problem,
} from "./deploy/deployment.ts";
import { bindingsIn, readSecretsFile } from "./deploy/known-values.ts";
import {
  databasesWithReadRegions,
  redisDatabases,
  silentDatabases,
} from "./deploy/redis-account.ts";
import { databaseName, type SchemaTarget, schemaTarget } from "./deploy/schema-target.ts";
import { listSecrets, readWorkerConfig, upload } from "./deploy/wrangler.ts";
import { readSchema } from "./supervisor/schema.ts";

const ROOT = join(import.meta.dirname, "..");

const { options, passedOn } = readCommandLine({
  usage: "npm run deploy",
  summary: "Checks secrets and bindings, applies the SQL schema, then calls wrangler deploy.",
  options: {
    env: { kind: "text", value: "NAME", short: "e", help: "an [env.NAME] of wrangler.toml" },
    "dry-run": { kind: "flag", help: "check what can be checked without network; upload nothing" },
    "secrets-file": {
      kind: "text",
      value: "FILE",
      help: "secrets to upload with the Worker (JSON or .env); they are checked first",
    },
    "apply-schema": { kind: "flag", help: "apply the SQL schema to DATABASE_URL of the shell" },
  },
  passedOn: "for wrangler deploy",
  more: `Secrets cannot be read back from Cloudflare. To have their values checked as well, give them in
--secrets-file or in the environment (UPSTASH_REDIS_REST_URL, DATABASE_URL, REDIS_NODES, …). The schema is applied
to DATABASE_URL of the secrets file, to that of the environment only with --apply-schema; where to is said first.
Without, the Worker applies it at its first use. With UPSTASH_EMAIL and UPSTASH_API_KEY the databases are checked
for read regions.`,
});
try {
  process.exitCode = await deploy();
} catch (error) {
  process.stderr.write(
    `${error instanceof Error ? error.message : String(error)}\nNot deployed.\n`,
  );
  process.exitCode = 1;
}

async function deploy(): Promise<number> {
  const { env, "dry-run": isDryRun, "secrets-file": secretsFile } = options;
  const fromFile = secretsFile === null ? {} : readSecretsFile(secretsFile);
  const deployment = await gather(fromFile);
  if (deployment === null) return 1;
  const target: SchemaTarget = isDryRun
    ? { kind: "none" }
    : schemaTarget({
        fromFile: fromFile["DATABASE_URL"],
        known: deployment.values["DATABASE_URL"],
        isAsked: options["apply-schema"],
      });
  const problems = [...(await findProblems(deployment)), ...schemaProblems(target)];
  for (const note of deploymentNotes(deployment)) say(`note: ${note}`);
  for (const { what, mend } of problems) process.stderr.write(`${what}\n  to mend it: ${mend}\n`);
  if (problems.length > 0) {
    process.stderr.write(`Not deployed: ${problems.length} to mend.\n`);
    return 1;
  }
  if (target.kind === "unasked")
    say(`note: the schema is not applied to ${databaseName(target.url)}; --apply-schema does`);
  if (target.kind === "database") await applySchema(target.url);
  const secretsArgs = secretsFile === null ? [] : ["--secrets-file", secretsFile];
  return upload(ROOT, env, [...(isDryRun ? ["--dry-run"] : []), ...secretsArgs, ...passedOn]);
}

/** `null` when there is nothing to judge; it has been said why. */
async function gather(fromFile: Readonly<Record<string, string>>): Promise<Deployment | null> {
  const { env, "dry-run": isDryRun } = options;
  const topLevel = await readWorkerConfig(ROOT, null);
  if (env !== null && !topLevel.environments.includes(env)) {
    const there = topLevel.environments.join(", ") || "none";
    process.stderr.write(`wrangler.toml has no [env.${env}]; there are: ${there}.\n`);
    return null;
  }
  const own = env === null ? topLevel : await readWorkerConfig(ROOT, env);
  const set = isDryRun ? null : await listSecrets(ROOT, env);
  if (set?.kind === "failed") {
    process.stderr.write(
      `${set.said}\nThe secrets of the Worker could not be listed: npx wrangler login\n`,
    );
    return null;
  }
  if (set?.kind === "new") say(`${own.name} is not deployed yet.`);
  return {
    env,
    secrets: set === null ? null : set.kind === "listed" ? set.names : [],
    uploads: [...Object.keys(own.vars), ...Object.keys(fromFile)],
    values: { ...bindingsIn(process.env), ...own.vars, ...fromFile },
    bindings: { topLevel: topLevel.bindings, own: own.bindings },
  };
}

async function findProblems(deployment: Deployment): Promise<readonly Problem[]> {
  const judge = await workerJudgement();
  const problems = deploymentProblems(deployment, judge);
  if (options["dry-run"] || problems.length > 0) return problems;
  const databases = redisDatabases(deployment.values);
  const { UPSTASH_EMAIL: email, UPSTASH_API_KEY: apiKey } = process.env;
  return [
    ...(await silentDatabases(databases)),
    ...(email === undefined || apiKey === undefined
      ? []
      : await databasesWithReadRegions(databases, { email, apiKey })),
  ];
}

/** The Worker's own reading of its bindings. By URL: imports point from the Worker to nothing of this. */
async function workerJudgement(): Promise<
  (values: Readonly<Record<string, string>>) => ConfigFaults
> {
  const { readConfig } = (await import(
    pathToFileURL(join(ROOT, "functions", "config.ts")).href
  )) as { readConfig: (env: Readonly<Record<string, string>>) => { faults: ConfigFaults } };
  return (values) => readConfig(values).faults;
}

function schemaProblems({ kind }: SchemaTarget): readonly Problem[] {
  if (kind !== "unknown") return [];
  const what = "--apply-schema needs DATABASE_URL";
  return [{ what, mend: "give it in --secrets-file or in the environment" }];
}

async function applySchema(databaseUrl: string): Promise<void> {
  const sql = neon(databaseUrl);
  for (const { path, statement } of readSchema(ROOT)) {
    say(`applying ${path} to ${databaseName(databaseUrl)}`);
    await sql.query(statement);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
