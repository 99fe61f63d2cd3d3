/**
 * @module
 * One line of the bench: a pattern's hot operation, sent alike to the Worker and to its floor. Each file of
 * `rows/` exports one as `row`; there is no list of them anywhere else.
 */
import type { PatternId } from "../../shared/patterns.ts";

export interface BenchRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface BenchReply {
  readonly status: number;
  readonly text: string;
  /** `name=value` of the cookie that came with it, where somebody looked. */
  readonly cookie?: string;
}

/** Sends one request to the Worker, with the key of the stack. */
export type BenchCaller = (request: BenchRequest) => Promise<BenchReply>;

export interface BenchRow {
  readonly id: string;
  readonly pattern: PatternId;
  readonly title: string;
  /** Sequential round trips to a store that the operation may take; counted by the store's endpoint. */
  readonly trips: number;
  /** Creates what the requests need, through the Worker. `runId` is unique. */
  prepare?(call: BenchCaller, runId: string): Promise<void>;
  /** What requests must carry and only the Worker knows, such as cookies. */
  obtain?(call: BenchCaller, runId: string): Promise<readonly string[]>;
  /** Request `index`, a different one for each index. `obtained` is there whenever it is to be sent. */
  request(runId: string, index: number, obtained?: readonly string[]): BenchRequest;
  /**
   * What follows on the same connection once a request was answered; null when nothing does. It counts as a
   * request like the first. The floor's answers must have what this reads of them.
   */
  next?(runId: string, index: number, reply: BenchReply): BenchRequest | null;
  /** Whether an answer of the Worker is right; of the floor only the status is judged. */
  isRight(reply: BenchReply): boolean;
}

/** Throws unless the Worker answered with one of these. */
export function expectStatus(reply: BenchReply, expected: readonly number[], what: string): void {
  if (expected.includes(reply.status)) return;
  throw new Error(`${what}: status ${reply.status}. ${reply.text.slice(0, 300)}`);
}
