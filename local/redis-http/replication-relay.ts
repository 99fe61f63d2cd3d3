/**
 * @module
 * How can a real replica be kept behind its primary? Redis has no option for it, so the replica
 * replicates from this relay (`replicaof 127.0.0.1 <port>`), which holds back what the primary sends.
 *
 * 1. The replica sees the primary's data as of `delayMs` ago: bytes keep their order and leave when
 *    they are that old by the delay of *now*, so that ending a lag catches up at once.
 * 2. What the replica sends is not held back, nor is the handshake: a reconnect takes one delay, not six.
 * 3. When either side goes, so does the other, and what was held back is lost with it, as the tail of
 *    a replication stream is.
 *
 * A delay near Redis's `repl-timeout` (60 s by default) makes the replica give up: run both with more.
 */
import { createServer, type Socket, connect as tcpConnect } from "node:net";

/** How soon a changed delay is noticed. */
const NOTICE_WITHIN_MS = 20;
/** Beyond this the primary is made to wait; it buffers for its replicas itself. */
const HELD_MAX_BYTES = 64 * 1024 * 1024;

export interface ReplicationRelayOptions {
  /** To listen on; 0 for a free one. */
  readonly port: number;
  readonly primary: { readonly host: string; readonly port: number };
  /** Asked again and again; 0 for no lag. */
  readonly delayMs: () => number;
}

export interface ReplicationRelay {
  readonly port: number;
  /** Cuts every replica off. */
  close(): Promise<void>;
}

/** Resolves once it listens. Rejects when the port is in use. */
export function startReplicationRelay(options: ReplicationRelayOptions): Promise<ReplicationRelay> {
  const links = new Set<Socket>();
  const server = createServer((replica) => {
    const primary = tcpConnect(options.primary.port, options.primary.host);
    links.add(replica);
    link({ replica, primary, delayMs: options.delayMs });
    replica.once("close", () => links.delete(replica));
  });
  const close = () =>
    new Promise<void>((resolve) => {
      for (const replica of links) replica.destroy();
      server.close(() => resolve());
    });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : options.port;
      resolve({ port, close });
    });
  });
}

interface Link {
  readonly replica: Socket;
  readonly primary: Socket;
  readonly delayMs: () => number;
}

function link({ replica, primary, delayMs }: Link): void {
  const held = new HeldBytes(replica, primary);
  let isStreaming = false;
  let handshake = "";
  let timer: NodeJS.Timeout | null = null;
  const release = () => {
    timer = null;
    const waitMs = held.release(performance.now(), isStreaming ? delayMs() : 0);
    if (waitMs !== null) timer = setTimeout(release, Math.min(waitMs, NOTICE_WITHIN_MS));
  };
  replica.on("data", (chunk: Buffer) => {
    primary.write(chunk);
    if (isStreaming) return;
    handshake = (handshake + chunk.toString("latin1")).slice(-HANDSHAKE_TAIL_CHARS);
    isStreaming = /\bP?SYNC\b/i.test(handshake);
  });
  primary.on("data", (chunk: Buffer) => {
    held.add(chunk, performance.now());
    if (timer === null) release();
  });
  const end = () => {
    if (timer !== null) clearTimeout(timer);
    replica.destroy();
    primary.destroy();
  };
  for (const side of [replica, primary]) {
    side.setNoDelay(true);
    side.on("error", end);
    side.on("close", end);
  }
}

/** Enough to find PSYNC although it came in two pieces. */
const HANDSHAKE_TAIL_CHARS = 64;

/** What came from the primary and has not left for the replica yet. */
class HeldBytes {
  readonly #replica: Socket;
  readonly #primary: Socket;
  #chunks: { readonly bytes: Buffer; readonly arrivedMs: number }[] = [];
  #sizeBytes = 0;

  constructor(replica: Socket, primary: Socket) {
    this.#replica = replica;
    this.#primary = primary;
  }

  add(bytes: Buffer, arrivedMs: number): void {
    this.#chunks.push({ bytes, arrivedMs });
    this.#sizeBytes += bytes.length;
    if (this.#sizeBytes > HELD_MAX_BYTES) this.#primary.pause();
  }

  /** Sends what is old enough. Returns the time until the next is, or `null` when nothing is left. */
  release(nowMs: number, delayMs: number): number | null {
    let due = 0;
    for (const { bytes, arrivedMs } of this.#chunks) {
      if (arrivedMs + delayMs > nowMs) break;
      this.#replica.write(bytes);
      this.#sizeBytes -= bytes.length;
      due += 1;
    }
    if (due > 0) this.#chunks = this.#chunks.slice(due);
    if (this.#primary.isPaused() && this.#sizeBytes <= HELD_MAX_BYTES) this.#primary.resume();
    const [next] = this.#chunks;
    return next === undefined ? null : next.arrivedMs + delayMs - nowMs;
  }
}
