/**
 * @module
 * The two store ports over the stores' own protocols, without HTTP, faults, breakers or deadlines: for tests
 * that make a hundred thousand calls and arrange by themselves what goes wrong.
 */
import { PGlite } from "@electric-sql/pglite";
import { Redis, ReplyError } from "ioredis";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import type { PostgresPort, PostgresRow } from "../../shared/postgres/port.ts";
import type { RedisArgument, RedisPort, RedisReply } from "../../shared/redis/port.ts";

export interface DirectRedis extends RedisPort {
  close(): void;
}

/** Upstash's flag is unknown to a plain Redis, which needs no substitute for it. */
function forPlainRedis(source: string): string {
  return source
    .replace(/^#!lua flags=allow-key-locking/, "#!lua")
    .replace(/^#!lua flags=no-writes,allow-key-locking/, "#!lua flags=no-writes");
}

export function directRedis(port: number, password?: string): DirectRedis {
  const redis = new Redis({
    host: "127.0.0.1",
    port,
    ...(password === undefined ? {} : { password }),
    lazyConnect: false,
  });
  const call = async (name: string, args: readonly RedisArgument[]): Promise<RedisReply> => {
    try {
      return (await redis.call(name, ...args)) as RedisReply;
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      const storeCode = (error as Error).message.split(" ", 1)[0] ?? "";
      const outcome = "not_applied";
      throw new UpstreamError({ dependency: "redis", fault: "refused", outcome, storeCode });
    }
  };
  return {
    command: ([name, ...args]) => call(name, args),
    script: ({ source }, keys, args) =>
      call("EVAL", [forPlainRedis(source), keys.length, ...keys, ...args]),
    close: () => redis.disconnect(),
  };
}

export interface DirectPostgres extends PostgresPort {
  close(): Promise<void>;
}

/** OIDs of bool, int8, int2, int4, json, float8, timestamptz, jsonb: what PGlite would parse. */
const PARSED_TYPES = [16, 20, 21, 23, 114, 701, 1184, 3802];
const AS_TEXT = Object.fromEntries(PARSED_TYPES.map((oid) => [oid, (text: string) => text]));

/** PGlite in memory and in this thread, empty at first and gone at close. */
export async function directPostgres(): Promise<DirectPostgres> {
  const database = await PGlite.create();
  return {
    async query(text, parameters) {
      try {
        const options = { parsers: AS_TEXT };
        const { rows } = await database.query<PostgresRow>(text, [...parameters], options);
        return rows;
      } catch (error) {
        const code = error instanceof Error && "code" in error ? String(error.code) : "";
        if (!/^[0-9A-Z]{5}$/.test(code)) throw error;
        const outcome = "not_applied";
        throw new UpstreamError({
          dependency: "postgres",
          fault: "refused",
          outcome,
          storeCode: code,
        });
      }
    },
    close: () => database.close(),
  };
}
