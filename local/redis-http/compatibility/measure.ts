/**
 * @module
 * Does each method of the SDK give through redis-http what it is to give? Alone, auto-pipelined (the
 * SDK's default), in a pipeline and in a transaction, on the same data each time.
 *
 * No method can be forgotten: the methods are read from the SDK's own objects, and one without a case
 * is an error.
 */
import { isDeepStrictEqual } from "node:util";
import { Redis } from "@upstash/redis";
import type { Redis as RespClient } from "ioredis";
import type { Case, Cases } from "./case.ts";
import { SEED } from "./seed.ts";

export type Outcome =
  | { readonly kind: "works" }
  /** The client has no such method in this form. */
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly error: string }
  | { readonly kind: "wrong"; readonly detail: string };

export interface Row {
  readonly name: string;
  readonly since: string | null;
  readonly alone: Outcome;
  readonly autoPipelined: Outcome;
  readonly pipeline: Outcome;
  readonly transaction: Outcome;
}

export interface Target {
  readonly url: string;
  readonly token: string;
  /** Past redis-http, to lay out the data. */
  readonly redis: RespClient;
}

/** One row a case, in their order. Requires a Redis of its own: it is flushed again and again. */
export async function measure(cases: Cases, target: Target): Promise<readonly Row[]> {
  const connection = { url: target.url, token: target.token, enableTelemetry: false };
  const alone = new Redis({ ...connection, enableAutoPipelining: false });
  const auto = new Redis(connection);
  const missing = methodsWithoutCase(alone, cases);
  if (missing.length > 0) throw new Error(`These methods have no case: ${missing.join(", ")}`);
  const rows: Row[] = [];
  for (const [name, testCase] of Object.entries(cases)) {
    const batch = async (kind: "pipeline" | "multi") => {
      const pipeline = alone[kind]();
      testCase.call(pipeline as unknown as Redis);
      return (await pipeline.exec<unknown[]>())[0];
    };
    const none: Outcome = { kind: "none" };
    const judged = async (run: () => unknown) => judge(testCase, run, target.redis);
    rows.push({
      name,
      since: testCase.since ?? null,
      alone: await judged(() => testCase.call(alone)),
      autoPipelined: testCase.isNotAutoPipelined ? none : await judged(() => testCase.call(auto)),
      pipeline: testCase.isAloneOnly ? none : await judged(() => batch("pipeline")),
      transaction: testCase.isAloneOnly ? none : await judged(() => batch("multi")),
    });
  }
  return rows;
}

async function judge(testCase: Case, run: () => unknown, redis: RespClient): Promise<Outcome> {
  await lay(redis);
  try {
    const value = await run();
    return isExpected(testCase, value)
      ? { kind: "works" }
      : { kind: "wrong", detail: JSON.stringify(value) ?? "undefined" };
  } catch (error) {
    return { kind: "refused", error: redisError(error) };
  }
}

async function lay(redis: RespClient): Promise<void> {
  const pipeline = redis.pipeline();
  for (const [name = "", ...args] of [["FLUSHALL"], ...SEED]) pipeline.call(name, ...args);
  for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
}

function isExpected({ gives, accepts, isUnordered, since }: Case, value: unknown): boolean {
  if (since !== undefined) return true;
  if (accepts !== undefined) return accepts(value);
  const sorted = (list: unknown) =>
    isUnordered && Array.isArray(list) ? [...list].sort() : (list as unknown);
  return isDeepStrictEqual(withoutUndefined(sorted(value)), sorted(gives));
}

/** The SDK leaves keys with nothing in them. */
function withoutUndefined(value: unknown): unknown {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** The error as Redis words it: the SDK puts the command before or behind it, which may hold values. */
function redisError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^Command \d+ \[ \S+ \] failed: /, "")
    .replace(/, command was: [\s\S]*$/, "")
    .replace(/, with args beginning with:[\s\S]*$/, "");
}

/** What the SDK's objects have besides commands. */
const NOT_COMMANDS = new Set([
  ...["constructor", "client", "opts", "enableTelemetry", "enableAutoPipelining", "addTelemetry"],
  ...[
    "autoPipeline",
    "autoPipelineExecutor",
    "multi",
    "pipeline",
    "use",
    "readYourWritesSyncToken",
  ],
  ...["chain", "commands", "commandOptions", "length", "multiExec"],
]);

const GROUPS = ["json", "functions", "search", "vector"];

function methodsWithoutCase(client: Redis, cases: Cases): readonly string[] {
  const inPipelines = Object.entries(cases).filter(([, { isAloneOnly }]) => !isAloneOnly);
  const covered = new Set(Object.keys(cases).map(methodOf));
  const coveredInPipelines = new Set([...inPipelines.map(([name]) => methodOf(name)), "exec"]);
  return [
    ...methodsOf(client).filter((name) => !covered.has(name)),
    ...methodsOf(client.pipeline())
      .filter((name) => !coveredInPipelines.has(name))
      .map((name) => `pipeline ${name}`),
  ];
}

function methodOf(name: string): string {
  return name.replace(/ \(.*$/, "");
}

function methodsOf(object: object): readonly string[] {
  const names = new Set<string>();
  for (let at: object | null = object; at !== null && at !== Object.prototype; ) {
    for (const name of Object.getOwnPropertyNames(at)) names.add(name);
    at = Object.getPrototypeOf(at) as object | null;
  }
  return [...names].flatMap((name) => {
    if (NOT_COMMANDS.has(name)) return [];
    if (!GROUPS.includes(name)) return [name];
    const group: unknown = Reflect.get(object, name);
    return Object.keys(group ?? {}).map((method) => `${name}.${method}`);
  });
}
