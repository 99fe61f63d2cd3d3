/**
 * @module
 * May this command be sent? What Upstash refuses over REST is refused here too, so that it is found
 * on the desk and not in production; and nothing that blocks, or changes the state of the shared
 * connection, ever reaches it.
 *
 * Source: upstash.com/docs/redis/features/restapi, its compatibility table and its list of commands.
 */
import { type Command, keyword } from "./command.ts";
import type { CommandInfo, CommandTable } from "./command-table.ts";

export interface Access {
  readonly readOnly: boolean;
}

const words = (text: string): readonly string[] => text.split(" ");

const UNAVAILABLE = new Set([
  ...words("AUTH HELLO QUIT RESET SELECT"),
  ...words("MULTI EXEC DISCARD WATCH UNWATCH"),
  ...words(
    "SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE SPUBLISH MONITOR",
  ),
  ...words("BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN WAITAOF"),
  ...words("CLUSTER READONLY READWRITE ASKING"),
  ...words(
    "ACL BGREWRITEAOF BGSAVE DEBUG FAILOVER LASTSAVE LATENCY LOLWUT MODULE PFDEBUG PFSELFTEST",
  ),
  ...words(
    "PSYNC REPLCONF REPLICAOF RESTORE-ASKING ROLE SAVE SHUTDOWN SLAVEOF SLOWLOG SWAPDB SYNC",
  ),
  ...words("LCS MIGRATE MOVE OBJECT SORT SORT_RO SUBSTR XSETID"),
]);

/** Of these, only the named subcommands are available. */
const SUBCOMMANDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["CLIENT", ["SETINFO"]],
  ["CONFIG", ["GET"]],
  ["MEMORY", ["USAGE"]],
  ["SCRIPT", ["EXISTS", "FLUSH", "KILL", "LOAD"]],
  ["FUNCTION", ["DELETE", "FLUSH", "KILL", "LIST", "LOAD", "STATS"]],
]);

const READ_ONLY_DENIES = new Set(["KEYS", "SCAN"]);
const READ_ONLY_ALLOWS = new Set(["PING", "ECHO", "TIME", "EVAL_RO", "EVALSHA_RO", "FCALL_RO"]);

/** The error to answer instead of sending it, or `null` when it may be sent. */
export function refusal(command: Command, access: Access, table: CommandTable): string | null {
  const { name } = command;
  if (UNAVAILABLE.has(name)) return unavailable(name);
  const subcommands = SUBCOMMANDS.get(name);
  if (subcommands !== undefined && !subcommands.includes(keyword(command, 0))) {
    return unavailable(`${name} ${keyword(command, 0)}`.trim());
  }
  if (name.startsWith("XREAD") && blocks(command)) return unavailable(`${name} BLOCK`);
  if (access.readOnly && !readable(name, table.get(name.toLowerCase()))) {
    return `NOPERM this user has no permissions to run the '${name.toLowerCase()}' command or its subcommand`;
  }
  return null;
}

function unavailable(what: string): string {
  return `ERR Command is not available: '${what}'. See https://upstash.com/docs/redis/overall/rediscompatibility for details`;
}

/** BLOCK stands before STREAMS; behind it come keys, which may have any name. */
function blocks(command: Command): boolean {
  for (let index = 0; index < command.args.length; index += 1) {
    const word = keyword(command, index);
    if (word === "STREAMS") return false;
    if (word === "BLOCK") return true;
    if (word === "GROUP") index += 2;
  }
  return false;
}

/** An unknown command may be read: Redis itself will say that there is none. */
function readable(name: string, info: CommandInfo | undefined): boolean {
  if (READ_ONLY_ALLOWS.has(name)) return true;
  if (READ_ONLY_DENIES.has(name)) return false;
  return info === undefined || (info.categories.has("read") && !info.flags.has("write"));
}
