/**
 * @module
 * Runs commands of one request on one node: refuses, translates, sends, restores, counts.
 *
 * 1. A refused command of a pipeline is an error in its own slot; the others run.
 * 2. A transaction with a refused command is discarded as a whole, before anything is sent.
 */
import { type Command, runsScript } from "./command.ts";
import { type Access, refusal } from "./refusal.ts";
import { type ErrorReply, isErrorReply, type Reply } from "./reply.ts";
import { ScriptTranslator } from "./script-translator.ts";
import type { Store } from "./store.ts";
import type { Translated } from "./translated.ts";

/** `WAIT` with a longer timeout, or none, answers after this long with the count it has then. */
const WAIT_MAX_MS = 20_000;

/** Since the start or the last reset. */
export interface Counters {
  /** HTTP requests, whatever became of them. */
  requests: number;
  /** Commands sent to Redis: each one of a pipeline or transaction; a script is one, without its calls. */
  commands: number;
  /** Of these, EVAL*, EVALSHA* and FCALL*. */
  scripts: number;
}

export type Prepared =
  | { readonly kind: "send"; readonly translated: Translated }
  | { readonly kind: "refused"; readonly error: ErrorReply };

export class Executor {
  readonly #store: Store;
  readonly #counters: Counters;
  readonly #scripts = new ScriptTranslator();

  constructor(store: Store, counters: Counters) {
    this.#store = store;
    this.#counters = counters;
  }

  /** Resolves to its reply, an error reply included. Rejects with `StoreError`. */
  async one(command: Command, access: Access): Promise<Reply> {
    if (command.name === "WAIT") return (await this.each([command], access))[0] ?? null;
    const prepared = this.prepare(command, access);
    if (prepared.kind === "refused") return prepared.error;
    this.count(prepared.translated.command);
    return restored(prepared.translated, await this.#store.send(prepared.translated.command));
  }

  /** Resolves to a reply for each, in order; not atomic. Rejects with `StoreError`. */
  async each(commands: readonly Command[], access: Access): Promise<readonly Reply[]> {
    const prepared = commands.map((command) => this.prepare(command, access));
    const toSend = prepared.flatMap((item) =>
      item.kind === "send" ? [item.translated.command] : [],
    );
    for (const command of toSend) this.count(command);
    const waits = toSend.some(({ name }) => name === "WAIT");
    const replies = await (waits ? this.#store.sendAlone(toSend) : this.#store.sendAll(toSend));
    let next = 0;
    return prepared.map((item) => {
      if (item.kind === "refused") return item.error;
      const reply = replies[next] ?? null;
      next += 1;
      return restored(item.translated, reply);
    });
  }

  /** Resolves to a reply for each, or to one error when the transaction was discarded. */
  async transaction(
    commands: readonly Command[],
    access: Access,
  ): Promise<readonly Reply[] | ErrorReply> {
    const prepared: Translated[] = [];
    for (const command of commands) {
      const item = this.prepare(command, access);
      if (item.kind === "refused") return item.error;
      prepared.push(item.translated);
    }
    for (const { command } of prepared) this.count(command);
    const reply = await this.#store.transaction(prepared.map(({ command }) => command));
    if (isErrorReply(reply)) return reply;
    if (!Array.isArray(reply)) throw new Error("EXEC answered something else than a list");
    const replies: readonly Reply[] = reply;
    return prepared.map((item, index) => restored(item, replies[index] ?? null));
  }

  /** Decides and translates, but sends nothing and counts nothing. */
  prepare(command: Command, access: Access): Prepared {
    const { table } = this.#store;
    const error = refusal(command, access, table);
    if (error !== null) return { kind: "refused", error: { message: error } };
    const translated =
      command.name === "WAIT"
        ? { command: boundedWait(command) }
        : this.#scripts.translate(command, table);
    return { kind: "send", translated };
  }

  /** To be called for each command as it is sent. */
  count(command: Command): void {
    this.#counters.commands += 1;
    if (runsScript(command)) this.#counters.scripts += 1;
  }
}

function restored({ restore }: Translated, reply: Reply): Reply {
  return restore === undefined ? reply : restore(reply);
}

function boundedWait({ name, args }: Command): Command {
  const [replicas, timeout, ...rest] = args;
  const timeoutMs = Number(timeout);
  if (replicas === undefined || !Number.isInteger(timeoutMs) || timeoutMs < 0)
    return { name, args };
  const boundedMs = timeoutMs === 0 ? WAIT_MAX_MS : Math.min(timeoutMs, WAIT_MAX_MS);
  return { name, args: [replicas, String(boundedMs), ...rest] };
}
