/**
 * @module
 * The cached entry as bytes: one Redis string, a header line and then the value as it was sent, so that a hit
 * is passed on without parsing it.
 *
 *     1 <version or -> <loaded at, ms> <fresh until, ms> <load took, ms>\n
 *     <JSON text; nothing when the item does not exist>
 *
 * The leading 1 is the version of the format. Whatever else is found under the key decodes to null and is
 * replaced like a missing entry.
 */
export interface Entry {
  /** Null when the item is known not to exist. */
  readonly version: string | null;
  /** JSON text; empty when the item is known not to exist. */
  readonly value: string;
  readonly loadedAtMs: number;
  readonly freshUntilMs: number;
  /** How long the database took: what a refresh is worth avoiding. */
  readonly loadMs: number;
}

/** Longer than any header: digits of five numbers. */
const HEADER_CHARACTERS_MAX = 128;
const HEADER = /^1 (-|\d{1,19}) (\d{1,16}) (\d{1,16}) (\d{1,16})$/;

export function encodeEntry({ version, value, loadedAtMs, freshUntilMs, loadMs }: Entry): string {
  return `1 ${version ?? "-"} ${loadedAtMs} ${freshUntilMs} ${loadMs}\n${value}`;
}

export function decodeEntry(text: string): Entry | null {
  const end = text.indexOf("\n");
  if (end < 0 || end > HEADER_CHARACTERS_MAX) return null;
  const [, version, loadedAt, freshUntil, load] = HEADER.exec(text.slice(0, end)) ?? [];
  if (version === undefined) return null;
  return {
    version: version === "-" ? null : version,
    value: text.slice(end + 1),
    loadedAtMs: Number(loadedAt),
    freshUntilMs: Number(freshUntil),
    loadMs: Number(load),
  };
}
