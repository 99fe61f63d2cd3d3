/**
 * @module
 * Which command does this path ask for? `/set/foo/bar?EX=100`, with the value in the body if there is
 * one: `SET foo <body> EX 100`.
 *
 * Segments and query are percent-decoded to bytes, so that `%FF` is one byte; an empty segment is an
 * empty argument; a query parameter without `=` is one argument.
 */
import { isUtf8 } from "node:buffer";
import type { Arg, Command } from "./command.ts";

export interface Target {
  /** Decoded segments of the path; none for `/`. */
  readonly segments: readonly Arg[];
  /** Decoded arguments from the query, without `_token`. */
  readonly query: readonly Arg[];
  readonly token: string | null;
}

/** Returns `null` for broken percent-encoding. */
export function parseTarget(url: string): Target | null {
  if (url === "/") return ROOT;
  const mark = url.indexOf("?");
  const path = mark === -1 ? url : url.slice(0, mark);
  const segments = path === "/" ? [] : path.slice(1).split("/").map(decode);
  const query: (Arg | null)[] = [];
  let token: Arg | null = null;
  for (const parameter of mark === -1 ? [] : url.slice(mark + 1).split("&")) {
    if (parameter === "") continue;
    const [name = "", ...value] = parameter.replaceAll("+", " ").split("=");
    const decoded = value.length === 0 ? [name] : [name, value.join("=")];
    if (name === "_token") token = decode(decoded[1] ?? "");
    else query.push(...decoded.map(decode));
  }
  if (!whole(segments) || !whole(query)) return null;
  return { segments, query, token: token?.toString() ?? null };
}

/** `body` stands behind the path's arguments and before the query's; an empty one is none. */
export function pathCommand({ segments, query }: Target, body: Buffer): Command {
  const [name = "", ...args] = segments;
  const value = body.length === 0 ? [] : [isUtf8(body) ? body.toString() : body];
  const written = name.toString();
  return { name: written.toUpperCase(), written, args: [...args, ...value, ...query] };
}

const ROOT: Target = { segments: [], query: [], token: null };

function whole(args: readonly (Arg | null)[]): args is readonly Arg[] {
  return !args.includes(null);
}

/** Text where the bytes are UTF-8, else the bytes; `null` for a `%` without two hex digits. */
function decode(text: string): Arg | null {
  if (!text.includes("%")) return text;
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return null;
  const bytes = Buffer.from(
    Buffer.from(text)
      .toString("latin1")
      .replaceAll(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
  return isUtf8(bytes) ? bytes.toString() : bytes;
}
