/**
 * @module
 * Commands whose replies go out as RESP2 bytes (`Upstash-Response-Format: resp2`).
 */
import type { Command } from "./command.ts";
import type { Executor } from "./executor.ts";
import { RawChannel } from "./raw-channel.ts";
import type { Access } from "./refusal.ts";
import { isErrorReply } from "./reply.ts";
import type { Store } from "./store.ts";
import type { Translated } from "./translated.ts";

export class RawExecutor {
  readonly #store: Store;
  readonly #executor: Executor;
  #shared: Promise<RawChannel> | null = null;

  constructor(store: Store, executor: Executor) {
    this.#store = store;
    this.#executor = executor;
  }

  /** Resolves to the replies' bytes, in order; not atomic. Rejects with `StoreError`. */
  async each(commands: readonly Command[], access: Access): Promise<readonly Buffer[]> {
    const prepared = commands.map((command) => this.#executor.prepare(command, access));
    const waits = commands.some(({ name }) => name === "WAIT");
    const channel = waits ? new RawChannel(await this.#store.dedicated()) : await this.#channel();
    try {
      return await Promise.all(
        prepared.map((item) =>
          item.kind === "refused" ? errorBytes(item.error.message) : this.#send(channel, item),
        ),
      );
    } finally {
      if (waits) channel.close();
    }
  }

  close(): void {
    this.#shared?.then((channel) => channel.close()).catch(() => undefined);
  }

  async #send(channel: RawChannel, { translated }: { translated: Translated }): Promise<Buffer> {
    this.#executor.count(translated.command);
    return restored(await channel.send(translated.command), translated);
  }

  async #channel(): Promise<RawChannel> {
    const channel = await this.#shared?.catch(() => null);
    if (channel?.isOpen) return channel;
    this.#shared = this.#store.dedicated().then((redis) => new RawChannel(redis));
    return this.#shared;
  }
}

function restored(raw: Buffer, { restore }: Translated): Buffer {
  if (restore === undefined) return raw;
  const isError = raw[0] === 0x2d;
  const reply = isError ? { message: raw.toString("utf8", 1, raw.length - 2) } : raw;
  const client = restore(reply);
  if (isErrorReply(client)) return errorBytes(client.message);
  if (client === raw || !Buffer.isBuffer(client)) return raw;
  return Buffer.concat([Buffer.from(`$${client.length}\r\n`), client, Buffer.from("\r\n")]);
}

function errorBytes(message: string): Buffer {
  return Buffer.from(`-${message.replaceAll(/[\r\n]+/g, " ")}\r\n`);
}
