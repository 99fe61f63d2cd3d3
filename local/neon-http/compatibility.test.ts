import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, it } from "vitest";
import { documentOf, essential, rowStart } from "./compatibility/document.ts";
import { type Measured, measure, TABLES } from "./compatibility/measure.ts";
import { type TemporaryDatabase, temporaryPglite } from "./pglite-fixture.ts";
import { openPostgres } from "./postgres-database.ts";
import { postgresBinaries, temporaryPostgres } from "./postgres-fixture.ts";

const binaries = postgresBinaries();

describe("COMPATIBILITY.md", () => {
  let document: string;
  let pglite: TemporaryDatabase;
  let measured: Measured;
  beforeAll(async () => {
    document = essential(await readFile(new URL("./COMPATIBILITY.md", import.meta.url), "utf8"));
    pglite = await temporaryPglite();
    measured = await measure(pglite.database);
  });
  afterAll(() => pglite.dispose());

  it("says of the built-in Postgres what is measured now", ({ expect }) => {
    const lines = document.split("\n");
    const wanted = TABLES.flatMap(({ cases }, t) =>
      cases.map((_, c) => essential(rowStart(t, c, measured.cells[t]?.[c] ?? []))),
    );
    expect(wanted.filter((start) => !lines.some((line) => line.startsWith(start)))).toEqual([]);
  });

  if (binaries === null) {
    it("is not compared with a Postgres server: there are no binaries", () => {});
  } else {
    it("says of a Postgres server what is measured now", async ({ expect }) => {
      const server = await temporaryPostgres(binaries);
      const database = await openPostgres({ connectionString: server.connectionString });
      try {
        const now = documentOf(measured, await measure(database));
        expect(essential(now)).toBe(document);
      } finally {
        await database.close();
        await server.dispose();
      }
    });
  }
});
