/**
 * @module
 * A place in a ranking to read on from.
 *
 * It names the last entry that was read, not a count of entries, so that a reader who pages on while
 * ranks move neither skips nor repeats an entry that kept its place. Its text is opaque to callers and
 * is base64url of
 *
 *     1 <revision> <ranking id> <stored score> <element>
 */
import { isScore } from "./score.ts";

export interface Cursor {
  /** Of the board: after a reset or a new creation the cursor leads nowhere. */
  readonly revision: string;
  readonly rankingId: string;
  readonly storedScore: number;
  readonly element: string;
}

export const CURSOR_CHARACTERS_MAX = 512;

const FORMAT = "1";

/** Fields as this file writes them; an element is a member, with or without its place in front. */
const FIELDS =
  /^1 ([A-Za-z0-9_-]{1,64}) ([a-zA-Z0-9-]{1,16}) (0|-?[1-9]\d{0,15}) ([A-Za-z0-9._~:@-]{1,145})$/;

export function encodeCursor({ revision, rankingId, storedScore, element }: Cursor): string {
  return btoa([FORMAT, revision, rankingId, storedScore, element].join(" "))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Null for anything that `encodeCursor` cannot have written. */
export function decodeCursor(text: string): Cursor | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length > CURSOR_CHARACTERS_MAX) return null;
  const fields = FIELDS.exec(plainTextOf(text));
  if (fields === null) return null;
  const [, revision = "", rankingId = "", score = "", element = ""] = fields;
  const cursor = { revision, rankingId, storedScore: Number(score), element };
  return isScore(cursor.storedScore) && encodeCursor(cursor) === text ? cursor : null;
}

function plainTextOf(text: string): string {
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return "";
  }
}
