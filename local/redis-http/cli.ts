/**
 * @module
 * redis-http alone, over a Redis of your own: `npm run local -- --only redis-http --redis redis://…`.
 */
import { randomBytes } from "node:crypto";
import { readCommandLine } from "../command-line.ts";
import { onStopSignal } from "../stop-signals.ts";
import { type RedisHttp, startRedisHttp } from "./server.ts";

const NODE = "redis";

/** Serves until Ctrl-C. Exits with a sentence on stderr when the arguments or the Redis are wrong. */
export async function runRedisHttpOnly(argv: readonly string[]): Promise<void> {
  const { options } = readCommandLine(
    {
      usage: "npm run local -- --only redis-http",
      summary: "Serves Upstash's REST API over a Redis of your own, until Ctrl-C.",
      options: {
        redis: {
          kind: "text",
          value: "URL",
          default: "redis://127.0.0.1:6379",
          help: "redis:// or rediss://, with user, password and database as needed",
        },
        "http-port": { kind: "number", value: "N", default: 8079, help: "port to serve; 0: any" },
        token: { kind: "text", value: "T", help: "standard token (default: a new one)" },
        "read-only-token": { kind: "text", value: "T", help: "token that may only read" },
      },
    },
    argv,
  );
  const { token: givenToken, "read-only-token": readOnlyToken } = options;
  const token = givenToken ?? randomBytes(24).toString("base64url");
  if (!URL.canParse(options.redis) || !/^rediss?:$/.test(new URL(options.redis).protocol)) {
    fail("--redis needs a URL like redis://127.0.0.1:6379.");
  }
  const http = await start({ options, token, readOnlyToken });
  const url = http.nodes.get(NODE)?.url ?? "";
  const stopped = new Promise<void>((resolve) => onStopSignal(resolve));
  process.stdout.write(
    [
      `redis-http serves ${withoutPassword(options.redis)}. Ctrl-C stops it.`,
      "",
      `UPSTASH_REDIS_REST_URL=${url}`,
      `UPSTASH_REDIS_REST_TOKEN=${token}`,
      ...(readOnlyToken === null ? [] : [`# reads only: ${readOnlyToken}`]),
      "",
    ].join("\n"),
  );
  await stopped;
  await http.close();
}

interface Start {
  readonly options: { readonly redis: string; readonly "http-port": number };
  readonly token: string;
  readonly readOnlyToken: string | null;
}

async function start({ options, token, readOnlyToken }: Start): Promise<RedisHttp> {
  const port = options["http-port"];
  const readOnly = readOnlyToken === null ? {} : { readOnlyToken };
  const node = { id: NODE, redis: { url: options.redis }, port, token, ...readOnly };
  let http: RedisHttp;
  try {
    http = await startRedisHttp({ nodes: [node] });
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    return fail(taken ? `Port ${port} is in use: choose another with --http-port.` : String(error));
  }
  if (http.isReady(NODE)) return http;
  await http.close();
  return fail(
    `No Redis answers at ${withoutPassword(options.redis)} as it should: check the address and the password.`,
  );
}

function withoutPassword(redisUrl: string): string {
  const url = new URL(redisUrl);
  if (url.password !== "") url.password = "***";
  return url.href;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
