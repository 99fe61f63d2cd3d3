import { neon } from "@neondatabase/serverless";
import { PrismaNeonHttp } from "@prisma/adapter-neon";
import { type Generated, Kysely, sql as raw } from "kysely";
import { NeonDialect } from "kysely-neon";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type TestEndpoint, testEndpoint } from "./http-fixture.ts";

// drizzle-orm has a file of its own: it changes the driver's type parsers for everybody in the process.
describe("libraries built on the driver", () => {
  let endpoint: TestEndpoint;
  beforeAll(async () => {
    endpoint = await testEndpoint();
  });
  afterAll(() => endpoint.dispose());

  describe("kysely-neon", () => {
    interface Tables {
      kysely_people: { id: Generated<number>; name: string; born: Date | null; data: unknown };
    }
    const database = () =>
      new Kysely<Tables>({ dialect: new NeonDialect({ neon: neon(endpoint.connectionString) }) });

    it("makes a schema, writes, reads and reports counts", async ({ expect }) => {
      const db = database();
      await db.schema
        .createTable("kysely_people")
        .addColumn("id", "serial", (column) => column.primaryKey())
        .addColumn("name", "text", (column) => column.notNull().unique())
        .addColumn("born", "timestamptz")
        .addColumn("data", "jsonb")
        .execute();
      const born = new Date("2024-02-29T12:34:56.789Z");
      const inserted = await db
        .insertInto("kysely_people")
        .values({ name: "Ada", born, data: JSON.stringify({ a: [1] }) })
        .returningAll()
        .executeTakeFirstOrThrow();
      expect(inserted).toEqual({ id: 1, name: "Ada", born, data: { a: [1] } });
      const updated = await db.updateTable("kysely_people").set({ name: "Eve" }).executeTakeFirst();
      expect(updated.numUpdatedRows).toBe(1n);
      const { rows } = await raw<{ n: number }>`SELECT ${41}::int4 + 1 AS n`.execute(db);
      expect(rows).toEqual([{ n: 42 }]);
      const deleted = await db
        .deleteFrom("kysely_people")
        .where("name", "=", "nobody")
        .executeTakeFirst();
      expect(deleted.numDeletedRows).toBe(0n);
      const tables = await db.introspection.getTables();
      expect(tables.map(({ name }) => name)).toContain("kysely_people");
    });
  });

  describe("@prisma/adapter-neon over HTTP", () => {
    it("gives columns, types and counts, and Postgres' errors", async ({ expect }) => {
      const adapter = await new PrismaNeonHttp(endpoint.connectionString, {}).connect();
      const ask = (text: string, args: readonly unknown[] = []) => ({
        sql: text,
        args: [...args],
        argTypes: args.map(() => ({ scalarType: "string", arity: "scalar" }) as const),
      });
      await adapter.executeRaw(ask("CREATE TABLE prisma_items (id int4 PRIMARY KEY, name text)"));
      expect(await adapter.executeRaw(ask("INSERT INTO prisma_items VALUES (1, $1)", ["x"]))).toBe(
        1,
      );
      expect(
        await adapter.queryRaw(
          ask("SELECT id, name, 9::int8 AS big, now() IS NULL AS b FROM prisma_items"),
        ),
      ).toMatchObject({ columnNames: ["id", "name", "big", "b"], rows: [[1, "x", "9", false]] });
      await expect(
        adapter.executeRaw(ask("INSERT INTO prisma_items VALUES (1)")),
      ).rejects.toMatchObject({ code: "23505", constraint: "prisma_items_pkey" });
      await adapter.dispose();
    });
  });
});
