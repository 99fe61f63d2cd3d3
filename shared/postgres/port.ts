/** A row with every column as Postgres' own text, or null. Decoding is the caller's, who knows the types. */
export type PostgresRow = Readonly<Record<string, string | null>>;

export type PostgresParameter = string | number | boolean | null | readonly string[];

export interface PostgresPort {
  /**
   * Runs one statement in its own transaction.
   *
   * @throws UpstreamError; `storeCode` is the SQLSTATE when Postgres refused the statement, and then
   * nothing of it was applied.
   */
  query(
    text: string,
    parameters: readonly PostgresParameter[],
    options?: { readonly timeoutMs?: number },
  ): Promise<readonly PostgresRow[]>;
}
