/**
 * @module
 * What does a script's `#!lua` line ask for, and what is left for a plain Redis?
 *
 * Redis refuses the flag `allow-key-locking`, which is Upstash's own. It alone is taken out: other
 * flags stay in force, and so does the number of lines, so that errors name the right one.
 */

const KEY_LOCKING = "allow-key-locking";

export type Shebang =
  | { readonly kind: "as-it-is" }
  /** The flag was given: `head` is the first line without it, `body` what follows its line feed. */
  | { readonly kind: "key-locking"; readonly head: string; readonly body: string }
  /** A `#!` that is not on the first line: Upstash ignores it, so `script` has it as a comment. */
  | { readonly kind: "ignored"; readonly script: string };

export function readShebang(script: string): Shebang {
  if (!script.startsWith("#!")) {
    const late = /^\s+#!lua\b/.exec(script)?.[0];
    if (late === undefined) return { kind: "as-it-is" };
    const at = late.length - "#!lua".length;
    return { kind: "ignored", script: `${script.slice(0, at)}--${script.slice(at + 2)}` };
  }
  const end = script.indexOf("\n");
  const line = end === -1 ? script : script.slice(0, end);
  const parts = line.split(" ").map(withoutFlag);
  if (parts.every(({ found }) => !found)) return { kind: "as-it-is" };
  const head = parts.flatMap(({ part }) => part ?? []).join(" ");
  return { kind: "key-locking", head, body: end === -1 ? "" : script.slice(end + 1) };
}

/** One word of the line without the flag; `part` is null when nothing of it is left. */
function withoutFlag(part: string): { readonly found: boolean; readonly part: string | null } {
  const list = /^flags=(\S*)(\s*)$/.exec(part);
  const flags = list?.[1]?.split(",") ?? [];
  if (!flags.includes(KEY_LOCKING)) return { found: false, part };
  const left = flags.filter((flag) => flag !== KEY_LOCKING);
  return {
    found: true,
    part: left.length === 0 ? null : `flags=${left.join(",")}${list?.[2] ?? ""}`,
  };
}
