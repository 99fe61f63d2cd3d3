/**
 * @module
 * From the replies of Redis to an HTTP answer.
 *
 * An error of Redis begins with its code (`ERR`, `OOM`, …); one of this endpoint, which could not ask Redis, does not.
 * Statuses: 200; 400 for what Redis or Upstash refuses; and, where Upstash documents nothing, 503 when
 * nothing was sent to the store, 502 when its connection died and 504 when it did not reply: in both
 * the command may have been applied.
 */
import type { HttpReply } from "../faults/apply.ts";
import type { Executor } from "./executor.ts";
import type { RawExecutor } from "./raw-executor.ts";
import type { Access } from "./refusal.ts";
import { errorJson, isErrorReply, repliesJson, replyJson } from "./reply.ts";
import type { Format, Work } from "./request.ts";
import { StoreError, type StoreFailure } from "./store.ts";

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
const BYTES_TYPE = { "content-type": "application/octet-stream" };

const FAILURES: Readonly<Record<StoreFailure, { readonly status: number; readonly fate: string }>> =
  {
    down: { status: 503, fate: "nothing was sent" },
    lost: { status: 502, fate: "the command may have been applied" },
    slow: { status: 504, fate: "the command may still be applied" },
  };

export interface Request {
  readonly work: Exclude<Work, { kind: "stream" }>;
  readonly format: Format;
  readonly access: Access;
}

/** Sends the commands and words their replies. Never rejects with `StoreError`. */
export async function answer(
  request: Request,
  executor: Executor,
  raw: RawExecutor,
): Promise<HttpReply> {
  try {
    return await replyTo(request, executor, raw);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return storeFailure(error.failure, error.message);
  }
}

export function refuse(status: number, error: string): HttpReply {
  return { status, headers: JSON_TYPE, body: errorJson(error) };
}

export function storeFailure(failure: StoreFailure, message: string): HttpReply {
  const { status, fate } = FAILURES[failure];
  return refuse(status, `${message}; ${fate}`);
}

async function replyTo(
  { work, format, access }: Request,
  executor: Executor,
  raw: RawExecutor,
): Promise<HttpReply> {
  if (format === "resp2") {
    const commands = work.kind === "command" ? [work.command] : work.commands;
    const replies = await raw.each(commands, access);
    const failed = work.kind === "command" && replies[0]?.[0] === 0x2d;
    return { status: failed ? 400 : 200, headers: BYTES_TYPE, body: Buffer.concat(replies) };
  }
  if (work.kind === "command") {
    const reply = await executor.one(work.command, access);
    return json(isErrorReply(reply) ? 400 : 200, replyJson(reply, format));
  }
  if (work.kind === "pipeline") {
    return json(200, repliesJson(await executor.each(work.commands, access), format));
  }
  const replies = await executor.transaction(work.commands, access);
  return "message" in replies
    ? json(400, errorJson(replies.message))
    : json(200, repliesJson(replies, format));
}

function json(status: number, body: string): HttpReply {
  return { status, headers: JSON_TYPE, body };
}
