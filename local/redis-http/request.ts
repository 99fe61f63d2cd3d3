/**
 * @module
 * What does this HTTP request ask for? Everything is decided here from its parts; nothing is sent.
 *
 * Source of paths, headers and statuses: upstash.com/docs/redis/features/restapi.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Arg, Command } from "./command.ts";
import { type Parsed, parseCommand, parseCommands } from "./json-command.ts";
import { pathCommand, type Target } from "./path-command.ts";
import type { Encoding } from "./reply.ts";

export const METHODS = ["HEAD", "GET", "POST", "PUT"];

const STREAMS = ["SUBSCRIBE", "PSUBSCRIBE", "MONITOR"] as const;
export type StreamKind = (typeof STREAMS)[number];

export type Work =
  | { readonly kind: "command"; readonly command: Command }
  | { readonly kind: "pipeline"; readonly commands: readonly Command[] }
  | { readonly kind: "transaction"; readonly commands: readonly Command[] }
  | { readonly kind: "stream"; readonly stream: StreamKind; readonly names: readonly Arg[] };

export type Format = Encoding | "resp2";

/** The request's token, `_token` first; `null` when it has none. A bare token counts as a bearer. */
export function readToken(target: Target, headers: IncomingHttpHeaders): string | null {
  const header = headers.authorization;
  return target.token ?? header?.replace(/^bearer\s+/i, "") ?? null;
}

export function readFormat(headers: IncomingHttpHeaders, work: Work): Parsed<Format> {
  const format = headers["upstash-response-format"] || "json";
  const encoding = headers["upstash-encoding"] || "plain";
  if (encoding !== "plain" && encoding !== "base64") {
    return { kind: "bad", error: `ERR invalid Upstash-Encoding: use "base64" or leave it out` };
  }
  if (format === "json") return { kind: "ok", value: encoding };
  if (format !== "resp2") {
    return { kind: "bad", error: `ERR invalid Upstash-Response-Format: use "json" or "resp2"` };
  }
  if (encoding === "base64") {
    return { kind: "bad", error: "ERR Upstash-Encoding: base64 cannot go with the resp2 format" };
  }
  return work.kind === "transaction"
    ? { kind: "bad", error: "ERR /multi-exec answers in the json format only" }
    : { kind: "ok", value: "resp2" };
}

export function readWork(target: Target, headers: IncomingHttpHeaders, body: Buffer): Parsed<Work> {
  const [first = "", ...names] = target.segments;
  const path = target.segments.length < 2 ? first.toString() : "";
  if (path === "" && target.segments.length < 2) {
    const command = parseCommand(body);
    return command.kind === "bad" ? command : ok({ kind: "command", command: command.value });
  }
  if (path === "pipeline" || path === "multi-exec") {
    const kind = path === "pipeline" ? "pipeline" : "transaction";
    const commands = parseCommands(body);
    return commands.kind === "bad" ? commands : ok({ kind, commands: commands.value });
  }
  const stream = STREAMS.find((name) => name === first.toString().toUpperCase());
  if (stream !== undefined) return readStream(stream, names, headers);
  return ok({ kind: "command", command: pathCommand(target, body) });
}

/** The name that faults and people know this request by: its first command. */
export function labelOf(work: Work): string {
  switch (work.kind) {
    case "command":
      return work.command.name;
    case "stream":
      return work.stream;
    case "pipeline":
    case "transaction":
      return work.commands[0]?.name ?? "";
  }
}

function readStream(
  stream: StreamKind,
  names: readonly Arg[],
  headers: IncomingHttpHeaders,
): Parsed<Work> {
  if (!headers.accept?.includes("text/event-stream")) {
    return { kind: "bad", error: `ERR ${stream} needs the header Accept: text/event-stream` };
  }
  if (stream !== "MONITOR" && names.length === 0) {
    const name = stream.toLowerCase();
    return { kind: "bad", error: `ERR wrong number of arguments for '${name}' command` };
  }
  return ok({ kind: "stream", stream, names });
}

function ok(value: Work): Parsed<Work> {
  return { kind: "ok", value };
}
