/**
 * @module
 * One redis-server, spoken to in RESP over one multiplexed connection.
 *
 * 1. Commands of one call leave as one contiguous write, in order: a MULTI..EXEC block cannot mix
 *    with another.
 * 2. A command is sent at most once. When its connection dies before its reply came, that is a
 *    `lost` error; nothing is queued while the server is away, nothing is sent again.
 * 3. Replies are bytes: no reply is turned into text or an object on the way.
 * 4. The connection comes back by itself within `RECONNECT_EVERY_MS` of the server's return.
 */
import { Redis, type RedisOptions, ReplyError, Command as RespCommand } from "ioredis";
import type { Command } from "./command.ts";
import { type CommandTable, readCommandTable } from "./command-table.ts";
import type { Reply } from "./reply.ts";

const RECONNECT_EVERY_MS = 100;
/** A request to a store that is paused or stuck ends after this. */
export const REPLY_WITHIN_MS = 30_000;
const CONNECT_WITHIN_MS = 2_000;
/** What may wait for a store that does not keep up; beyond it, commands are refused unsent. */
const COMMANDS_WAITING_MAX = 500_000;
export const UNSENT_MAX_BYTES = 64 * 1024 * 1024;

export type RedisAddress =
  | { readonly host: string; readonly port: number; readonly password?: string }
  /** `redis://` or `rediss://`, with user, password and database as far as needed. */
  | { readonly url: string };

/**
 * - `down`: nothing was sent.
 * - `lost`: sent, and the connection died before the reply: it may have been applied.
 * - `slow`: sent, and no reply came in time: it may have been applied, or be applied later.
 */
export type StoreFailure = "down" | "lost" | "slow";

export class StoreError extends Error {
  readonly failure: StoreFailure;

  constructor(failure: StoreFailure, message: string) {
    super(message);
    this.name = "StoreError";
    this.failure = failure;
  }
}

export class Store {
  readonly #address: RedisAddress;
  readonly #replyWithinMs: number;
  readonly #redis: Redis;
  #table: CommandTable | null = null;
  #trouble = "it was not reached yet";
  #corked = false;
  #waiting = 0;

  /** Starts to connect; see `ready`. */
  constructor(address: RedisAddress, options: { readonly replyWithinMs?: number } = {}) {
    this.#address = address;
    this.#replyWithinMs = options.replyWithinMs ?? REPLY_WITHIN_MS;
    this.#redis = this.#connection({ retryStrategy: () => RECONNECT_EVERY_MS });
    this.#redis.on("ready", () => void this.#readTable());
  }

  /** Whether a command would be sent now. */
  get isReady(): boolean {
    return this.#redis.status === "ready" && this.#table !== null;
  }

  /** What the server says about its commands. Throws `StoreError` while it was never reached. */
  get table(): CommandTable {
    if (this.#table === null) throw this.#down();
    return this.#table;
  }

  /** Resolves to whether the server was reached within `waitMs`. */
  ready(waitMs: number): Promise<boolean> {
    if (this.isReady) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (reached: boolean) => {
        clearTimeout(timer);
        clearInterval(poll);
        resolve(reached);
      };
      const timer = setTimeout(() => end(false), waitMs);
      const poll = setInterval(() => this.isReady && end(true), 10);
    });
  }

  /** Resolves to the reply, an error reply included. Throws or rejects with `StoreError`. */
  send(command: Command): Promise<Reply> {
    this.#check(1);
    return this.#post(this.#writer(), command);
  }

  /** As `send`, for several; not atomic. */
  sendAll(commands: readonly Command[]): Promise<readonly Reply[]> {
    this.#check(commands.length);
    const redis = this.#writer();
    return Promise.all(commands.map((command) => this.#post(redis, command)));
  }

  /** As one transaction. Resolves to what EXEC answers: an array, or an error when nothing was applied. */
  async transaction(commands: readonly Command[]): Promise<Reply> {
    const block = [{ name: "MULTI", args: [] }, ...commands, { name: "EXEC", args: [] }];
    const replies = await this.sendAll(block);
    return replies.at(-1) ?? null;
  }

  /** As `sendAll`, over a connection of its own: for commands that would make the others wait. */
  async sendAlone(commands: readonly Command[]): Promise<readonly Reply[]> {
    const redis = await this.dedicated();
    try {
      return await Promise.all(commands.map((command) => post(redis, command)));
    } finally {
      redis.disconnect();
    }
  }

  /** A ready connection that does not reconnect; the caller disconnects it. Rejects with `StoreError`. */
  async dedicated(): Promise<Redis> {
    this.#check(0);
    const redis = this.#connection({ lazyConnect: true, retryStrategy: null });
    try {
      await redis.connect();
    } catch {
      redis.disconnect();
      throw this.#down();
    }
    return redis;
  }

  close(): void {
    this.#redis.disconnect();
  }

  #check(commands: number): void {
    if (!this.isReady) throw this.#down();
    const isBehind =
      this.#waiting + commands > COMMANDS_WAITING_MAX ||
      this.#redis.stream.writableLength > UNSENT_MAX_BYTES;
    if (isBehind) throw new StoreError("down", "the Redis of this node does not keep up");
  }

  async #post(redis: Redis, command: Command): Promise<Reply> {
    this.#waiting += 1;
    try {
      return await post(redis, command);
    } finally {
      this.#waiting -= 1;
    }
  }

  #down(): StoreError {
    return new StoreError("down", `the Redis of this node is unreachable (${this.#trouble})`);
  }

  #connection(
    more: Omit<RedisOptions, "retryStrategy"> & { retryStrategy: (() => number) | null },
  ) {
    const { retryStrategy, ...rest } = more;
    const options: RedisOptions = {
      connectTimeout: CONNECT_WITHIN_MS,
      maxLoadingRetryTime: RECONNECT_EVERY_MS,
      commandTimeout: this.#replyWithinMs,
      disableClientInfo: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      stringNumbers: true,
      retryStrategy: retryStrategy ?? (() => null),
      ...rest,
    };
    const address = this.#address;
    const redis =
      "url" in address ? new Redis(address.url, options) : new Redis({ ...address, ...options });
    redis.on("error", (error: Error) => {
      this.#trouble = error.message;
    });
    return redis;
  }

  /** Gathers what is written in one turn of the event loop into one write. */
  #writer(): Redis {
    if (!this.#corked) {
      this.#corked = true;
      const { stream } = this.#redis;
      stream.cork();
      setImmediate(() => {
        this.#corked = false;
        stream.uncork();
      });
    }
    return this.#redis;
  }

  async #readTable(): Promise<void> {
    try {
      this.#table = readCommandTable(await post(this.#redis, { name: "COMMAND", args: [] }));
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
    }
  }
}

/** ioredis makes an object of the reply to the command it knows as `hgetall`; no other spelling. */
export function respCommand({ name, written = name, args }: Command): RespCommand {
  const spelled = written === "hgetall" ? name : written;
  return new RespCommand(spelled, [...args], { replyEncoding: null });
}

async function post(redis: Redis, asked: Command): Promise<Reply> {
  const command = respCommand(asked);
  try {
    return (await redis.sendCommand(command)) as Reply;
  } catch (error) {
    if (error instanceof ReplyError) return error as Error;
    throw failed(error instanceof Error ? error.message : String(error));
  }
}

/** ioredis tells its own failures apart by their text only. */
function failed(message: string): StoreError {
  if (message.startsWith("Stream isn't writeable")) {
    return new StoreError("down", "the connection to the Redis of this node is gone");
  }
  if (message === "Command timed out") {
    return new StoreError("slow", "Redis did not answer in time");
  }
  return new StoreError("lost", "the connection to Redis was lost before its reply");
}
