/**
 * @module
 * Which commands does this JSON body ask for? Wording of refusals as Upstash's.
 *
 * Strings become UTF-8, numbers their digits as they were written, booleans `true` and `false`.
 */
import { isUtf8 } from "node:buffer";
import type { Command } from "./command.ts";

export const PIPELINE_COMMANDS_MAX = 100_000;

export type Parsed<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "bad"; readonly error: string };

/** A command: `["SET", "key", "value", "EX", 100]`. */
export function parseCommand(body: Buffer): Parsed<Command> {
  const json = parseJson(body, "ERR failed to parse command");
  return json.kind === "bad" ? json : toCommand(json.value);
}

/** Commands: `[["SET", "key", "value"], ["GET", "key"]]`. */
export function parseCommands(body: Buffer): Parsed<readonly Command[]> {
  const json = parseJson(body, "ERR failed to parse pipeline request");
  if (json.kind === "bad") return json;
  if (!Array.isArray(json.value)) return bad("ERR failed to parse pipeline request");
  if (json.value.length === 0) return bad("ERR empty pipeline request");
  if (json.value.length > PIPELINE_COMMANDS_MAX) {
    return bad(`ERR at most ${PIPELINE_COMMANDS_MAX} commands in one request`);
  }
  const commands: Command[] = [];
  for (const item of json.value) {
    const command = toCommand(item);
    if (command.kind === "bad") return command;
    commands.push(command.value);
  }
  return { kind: "ok", value: commands };
}

function toCommand(json: unknown): Parsed<Command> {
  if (!Array.isArray(json)) return bad("expected JSON array");
  const [name, ...args] = json;
  if (name === undefined) return bad("ERR empty command");
  for (const arg of json) {
    if (arg === null) return bad("ERR null args are not supported");
    if (typeof arg === "object") {
      return bad(`ERR unsupported arg type: "${Array.isArray(arg) ? "[" : "{"}": json.Delim`);
    }
  }
  const written = String(name);
  return { kind: "ok", value: { name: written.toUpperCase(), written, args: args.map(String) } };
}

function parseJson(body: Buffer, error: string): Parsed<unknown> {
  if (body.length === 0) return bad("EOF");
  if (!isUtf8(body)) return bad(`${error}: the body is not UTF-8`);
  const text = body.toString();
  try {
    const value: unknown = JSON.parse(text);
    return { kind: "ok", value: hasInexactNumber(value) ? JSON.parse(text, asWritten) : value };
  } catch {
    return bad(error);
  }
}

function hasInexactNumber(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasInexactNumber);
  return typeof value === "number" && !Number.isSafeInteger(value);
}

/** 1.10 stays 1.10, and a number beyond 2^53 keeps its digits. */
function asWritten(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" ? (context?.source ?? value) : value;
}

function bad(error: string): { readonly kind: "bad"; readonly error: string } {
  return { kind: "bad", error };
}
