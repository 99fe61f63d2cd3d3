/**
 * @module
 * Which types are arrays, and of what? Only callers without raw text need it (the Neon driver is none), so
 * it is read from the catalog when first asked for, and again when a type turns up that is newer.
 */
import type { SqlDatabase, SqlResult } from "./database.ts";
import type { ElementTypeOf } from "./json-values.ts";

const ARRAY_TYPES = "SELECT oid, typelem FROM pg_catalog.pg_type WHERE typcategory = 'A'";

/** Types below are Postgres' own and never change (FirstNormalObjectId in access/transam.h). */
const FIRST_USER_TYPE = 16_384;

export class ElementTypes {
  readonly #database: SqlDatabase;
  #elementTypes: ReadonlyMap<number, number> | null = null;
  readonly #known = new Set<number>();

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Knows every type in `results` when the database can be asked; else takes them for plain types. */
  async of(results: readonly SqlResult[]): Promise<ElementTypeOf> {
    const used = results.flatMap(({ fields }) => fields.map(({ dataTypeID }) => dataTypeID));
    const isNew = used.some((id) => id >= FIRST_USER_TYPE && !this.#known.has(id));
    if (this.#elementTypes === null || isNew) await this.#read(used);
    return (id) => this.#elementTypes?.get(id) ?? null;
  }

  async #read(used: readonly number[]): Promise<void> {
    const statement = { text: ARRAY_TYPES, params: [] };
    const outcome = await this.#database.run({ kind: "single", statement });
    if (outcome.kind !== "done") return;
    const rows = outcome.results[0]?.rows ?? [];
    this.#elementTypes = new Map(rows.map(([oid, element]) => [Number(oid), Number(element)]));
    this.#known.clear();
    for (const id of used) this.#known.add(id);
  }
}
