/**
 * @module
 * Does this result still fit into a reply? Adapters ask row by row, so that a result that is too large
 * is given up early and its transaction is rolled back.
 *
 * Counting exactly means writing the JSON. A row is therefore first counted at the most it can take (six
 * bytes a UTF-16 unit, `\u0000`), which costs nothing; only a request that could be too large by that
 * measure is counted exactly.
 */
import { RESPONSE_MAX_BYTES, type SqlText } from "./database.ts";

const UNIT_MAX_BYTES = 6;
/** `"",` around a value; `null,` is the longest of the fixed ones. */
const VALUE_OVERHEAD_BYTES = 5;
/** `[],` around a row. */
const ROW_OVERHEAD_BYTES = 3;

export class ResultBudget {
  readonly #maxBytes: number;
  #atMostBytes = 0;
  #exactBytes: number | null = null;
  #counted: (readonly SqlText[])[] = [];

  constructor(maxBytes: number = RESPONSE_MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Adds a row; false once all rows together no longer fit. */
  take(row: readonly SqlText[]): boolean {
    if (this.#exactBytes === null) {
      this.#counted.push(row);
      this.#atMostBytes += atMostBytes(row);
      if (this.#atMostBytes <= this.#maxBytes) return true;
      this.#exactBytes = this.#counted.reduce((sum, earlier) => sum + exactBytes(earlier), 0);
      this.#counted = [];
    } else {
      this.#exactBytes += exactBytes(row);
    }
    return this.#exactBytes <= this.#maxBytes;
  }
}

function atMostBytes(row: readonly SqlText[]): number {
  let bytes = ROW_OVERHEAD_BYTES;
  for (const value of row) {
    bytes += VALUE_OVERHEAD_BYTES + (value === null ? 0 : value.length * UNIT_MAX_BYTES);
  }
  return bytes;
}

/** Of the row in array mode, as the Neon driver asks for it. */
function exactBytes(row: readonly SqlText[]): number {
  return Buffer.byteLength(JSON.stringify(row)) + 1;
}
