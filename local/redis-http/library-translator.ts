/**
 * @module
 * Libraries of functions with Upstash's flag `allow-key-locking`, which stands in the flags of
 * `register_function`. Plain Redis refuses it there; the guard takes it out and keeps its promise.
 *
 * FUNCTION LIST WITHCODE shows the code as it was sent, as long as this process loaded it.
 */
import { type Arg, type Command, keyword } from "./command.ts";
import type { CommandTable } from "./command-table.ts";
import { guardLibrary } from "./key-guard.ts";
import type { Reply } from "./reply.ts";
import type { Translated } from "./translated.ts";

const LIBRARIES_MAX = 100;

export class LibraryTranslator {
  /** Code as Redis has it -> as it was sent; the oldest first. */
  readonly #sent = new Map<string, string>();

  /** Any FUNCTION command may be given. */
  translate(command: Command, table: CommandTable): Translated {
    const verb = keyword(command, 0);
    if (verb === "LIST") return { command, restore: (reply) => this.#withSentCode(reply) };
    const code = command.args.at(-1);
    if (verb !== "LOAD" || !isFlagged(code)) return { command };
    const end = code.indexOf("\n");
    const guarded = `${code.slice(0, end + 1)}${guardLibrary(code.slice(end + 1), table)}`;
    this.#remember(guarded, code);
    return { command: { name: command.name, args: [...command.args.slice(0, -1), guarded] } };
  }

  #remember(guarded: string, code: string): void {
    this.#sent.delete(guarded);
    this.#sent.set(guarded, code);
    const [oldest = ""] = this.#sent.keys();
    if (this.#sent.size > LIBRARIES_MAX) this.#sent.delete(oldest);
  }

  #withSentCode(reply: Reply): Reply {
    if (Array.isArray(reply)) return reply.map((item: Reply) => this.#withSentCode(item));
    if (!Buffer.isBuffer(reply)) return reply;
    const code = this.#sent.get(reply.toString());
    return code === undefined ? reply : Buffer.from(code);
  }
}

function isFlagged(code: Arg | undefined): code is string {
  return typeof code === "string" && code.includes("\n") && code.includes("allow-key-locking");
}
