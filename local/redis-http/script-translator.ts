/**
 * @module
 * How do scripts written for Upstash run on a plain Redis? Their text is translated, so Redis knows
 * them by another hash; this keeps the two hashes apart.
 *
 * 1. A client sees only the hash of the text as it sent it: in SCRIPT LOAD, SCRIPT EXISTS, EVALSHA
 *    and in the text of errors.
 * 2. Redis alone knows which scripts are loaded: after SCRIPT FLUSH, a known hash is NOSCRIPT.
 * 3. A forgotten translation costs a client one NOSCRIPT and one EVAL, nothing else.
 */
import { createHash } from "node:crypto";
import { type Command, keyword } from "./command.ts";
import type { CommandTable } from "./command-table.ts";
import { guardScript } from "./key-guard.ts";
import { LibraryTranslator } from "./library-translator.ts";
import { isErrorReply, type Reply } from "./reply.ts";
import { readShebang } from "./shebang.ts";
import type { Translated } from "./translated.ts";

export const SCRIPTS_MAX = 1_000;
const TEXT_MAX_CHARS = 16 * 1024 * 1024;

interface Translation {
  readonly sentSha: string;
  readonly script: string;
  readonly redisSha: string;
}

export class ScriptTranslator {
  /** By text as sent; the oldest first. */
  readonly #byText = new Map<string, Translation>();
  readonly #bySentSha = new Map<string, Translation>();
  readonly #byRedisSha = new Map<string, Translation>();
  readonly #libraries = new LibraryTranslator();
  #textChars = 0;

  /** Any command may be given; those without a script come back as they are. */
  translate(command: Command, table: CommandTable): Translated {
    switch (command.name) {
      case "EVAL":
      case "EVAL_RO":
        return this.#eval(command, table);
      case "EVALSHA":
      case "EVALSHA_RO":
        return this.#evalSha(command);
      case "SCRIPT":
        return this.#script(command, table);
      case "FUNCTION":
        return this.#libraries.translate(command, table);
      default:
        return { command };
    }
  }

  #eval({ name, args }: Command, table: CommandTable): Translated {
    const [script, ...rest] = args;
    const translation = typeof script === "string" ? this.#translation(script, table) : null;
    if (translation === null) return { command: { name, args } };
    return {
      command: { name, args: [translation.script, ...rest] },
      restore: (reply) => this.#withSentSha(reply),
    };
  }

  #evalSha({ name, args }: Command): Translated {
    const [sha = "", ...rest] = args;
    const translation = this.#bySentSha.get(sha.toString().toLowerCase());
    if (translation === undefined) return { command: { name, args } };
    return {
      command: { name, args: [translation.redisSha, ...rest] },
      restore: (reply) => this.#withSentSha(reply),
    };
  }

  #script(command: Command, table: CommandTable): Translated {
    const [subcommand = "", first, ...rest] = command.args;
    const verb = keyword(command, 0);
    if (verb === "LOAD" && typeof first === "string") {
      const translation = this.#translation(first, table);
      if (translation === null) return { command };
      return {
        command: { name: "SCRIPT", args: [subcommand, translation.script, ...rest] },
        restore: (reply) => (isErrorReply(reply) ? reply : Buffer.from(translation.sentSha)),
      };
    }
    if (verb === "EXISTS") {
      const shas = command.args.slice(1).map((sha) => sha.toString().toLowerCase());
      const known = shas.map((sha) => this.#bySentSha.get(sha)?.redisSha ?? sha);
      return { command: { name: "SCRIPT", args: [subcommand, ...known] } };
    }
    return { command };
  }

  /** `null` when Redis can run it as it is. */
  #translation(script: string, table: CommandTable): Translation | null {
    const known = this.#byText.get(script);
    if (known !== undefined) return known;
    const shebang = readShebang(script);
    if (shebang.kind === "as-it-is") return null;
    const text =
      shebang.kind === "ignored"
        ? shebang.script
        : `${shebang.head}\n${guardScript(shebang.body, table)}`;
    const translation = { sentSha: sha1(script), script: text, redisSha: sha1(text) };
    this.#remember(script, translation);
    return translation;
  }

  #remember(script: string, translation: Translation): void {
    this.#byText.set(script, translation);
    this.#bySentSha.set(translation.sentSha, translation);
    this.#byRedisSha.set(translation.redisSha, translation);
    this.#textChars += script.length + translation.script.length;
    for (const [oldest, { sentSha, redisSha, script: text }] of this.#byText) {
      if (this.#byText.size <= SCRIPTS_MAX && this.#textChars <= TEXT_MAX_CHARS) return;
      if (oldest === script) return;
      this.#byText.delete(oldest);
      this.#bySentSha.delete(sentSha);
      this.#byRedisSha.delete(redisSha);
      this.#textChars -= oldest.length + text.length;
    }
  }

  /** Redis ends an error of a script with ` script: <its hash>, on @user_script:<line>.` */
  #withSentSha(reply: Reply): Reply {
    if (!isErrorReply(reply)) return reply;
    const message = reply.message.replace(/(?<= script: )[0-9a-f]{40}(?=, on )/, (sha) => {
      return this.#byRedisSha.get(sha)?.sentSha ?? sha;
    });
    return { message };
  }
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
