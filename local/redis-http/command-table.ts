/**
 * @module
 * What does this Redis say about its own commands? Read from `COMMAND` (Redis 7.0 shape: name, arity,
 * flags, first key, last key, step, ACL categories), so no list of commands is kept by hand.
 */
import { isErrorReply, type Reply } from "./reply.ts";

export interface CommandInfo {
  readonly flags: ReadonlySet<string>;
  /** Such as `read`, `write`, `connection`; without the `@`. */
  readonly categories: ReadonlySet<string>;
  /**
   * Where its keys stand, counted as in `COMMAND`: 0 is the name, a negative `last` counts from the
   * end. `null` when they move with its arguments.
   */
  readonly keys: { readonly first: number; readonly last: number; readonly step: number } | null;
}

/** By lower-case name. */
export type CommandTable = ReadonlyMap<string, CommandInfo>;

/** Throws when `reply` is not what `COMMAND` answers. */
export function readCommandTable(reply: Reply): CommandTable {
  const table = new Map<string, CommandInfo>();
  for (const item of list(reply)) {
    const [name, , flags, first, last, step, categories] = list(item);
    const flagSet = new Set(list(flags ?? null).map(text));
    const moves = flagSet.has("movablekeys") || hasSubcommands(item);
    table.set(text(name ?? null).toLowerCase(), {
      flags: flagSet,
      categories: new Set(list(categories ?? null).map((category) => text(category).slice(1))),
      keys: moves ? null : { first: Number(first), last: Number(last), step: Number(step) },
    });
  }
  if (table.size === 0) throw new Error("COMMAND told of no commands");
  return table;
}

function hasSubcommands(item: Reply): boolean {
  const subcommands = list(item)[9];
  return Array.isArray(subcommands) && subcommands.length > 0;
}

function list(reply: Reply): readonly Reply[] {
  if (!Array.isArray(reply)) throw new Error("COMMAND did not answer a list");
  return reply;
}

function text(reply: Reply): string {
  if (reply === null || isErrorReply(reply)) throw new Error("COMMAND left a name out");
  return reply.toString();
}
