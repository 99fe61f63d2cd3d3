/**
 * @module
 * How does a Redis reply look as Upstash's JSON?
 *
 * 1. Integers keep every digit and become JSON numbers; bulk strings never become numbers.
 * 2. Base64 is made from the bytes Redis sent. It covers every string at every depth but a bare
 *    `OK`; an `OK` inside an array is encoded, because the client decodes the items of an array.
 * 3. The text of a failed command is never encoded.
 */

/** An error reply, or a refusal worded like one. */
export interface ErrorReply {
  readonly message: string;
}

/** RESP2: null, an integer as its digits, a status or bulk string as bytes, an error, an array. */
export type Reply = null | string | Buffer | ErrorReply | readonly Reply[];

export type Encoding = "plain" | "base64";

export function isErrorReply(reply: Reply): reply is ErrorReply {
  return (
    typeof reply === "object" && reply !== null && !Buffer.isBuffer(reply) && !Array.isArray(reply)
  );
}

/** `{"result":…}` or `{"error":…}`. */
export function replyJson(reply: Reply, encoding: Encoding): string {
  if (isErrorReply(reply)) return errorJson(reply.message);
  if (Buffer.isBuffer(reply) && isOk(reply)) return '{"result":"OK"}';
  return `{"result":${valueJson(reply, encoding)}}`;
}

/** `[{"result":…},{"error":…},…]`. */
export function repliesJson(replies: readonly Reply[], encoding: Encoding): string {
  return `[${replies.map((reply) => replyJson(reply, encoding)).join(",")}]`;
}

export function errorJson(message: string): string {
  return `{"error":${JSON.stringify(message)}}`;
}

function valueJson(reply: Reply, encoding: Encoding): string {
  if (reply === null) return "null";
  if (typeof reply === "string") return reply;
  if (Buffer.isBuffer(reply)) return stringJson(reply, encoding);
  if (isErrorReply(reply)) return stringJson(Buffer.from(reply.message), encoding);
  return `[${reply.map((item) => valueJson(item, encoding)).join(",")}]`;
}

function stringJson(bytes: Buffer, encoding: Encoding): string {
  return encoding === "base64" ? `"${bytes.toString("base64")}"` : JSON.stringify(bytes.toString());
}

function isOk(bytes: Buffer): boolean {
  return bytes.length === 2 && bytes[0] === 0x4f && bytes[1] === 0x4b;
}
