import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { neon } from "@neondatabase/serverless";
import { desc, eq, sql as fragment } from "drizzle-orm";
import { drizzle } from "drizzle-orm/neon-http";
import { migrate } from "drizzle-orm/neon-http/migrator";
import * as pg from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { type TestEndpoint, testEndpoint } from "./http-fixture.ts";

describe("drizzle-orm/neon-http", () => {
  let endpoint: TestEndpoint;
  beforeAll(async () => {
    endpoint = await testEndpoint();
  });
  afterAll(() => endpoint.dispose());

  const mood = pg.pgEnum("drizzle_mood", ["sad", "happy"]);
  const users = pg.pgTable("drizzle_users", {
    id: pg.serial().primaryKey(),
    name: pg.text().notNull().unique(),
    mood: mood(),
    tags: pg.text().array(),
    settings: pg.jsonb().$type<{ theme: string }>(),
    balance: pg.numeric({ precision: 20, scale: 2 }),
    big: pg.bigint({ mode: "bigint" }),
    born: pg.date({ mode: "date" }),
    seen: pg.timestamp({ withTimezone: true, precision: 3 }),
    key: pg.uuid().defaultRandom(),
  });
  const MIGRATION = `CREATE TYPE drizzle_mood AS ENUM ('sad', 'happy');
--> statement-breakpoint
CREATE TABLE drizzle_users (id serial PRIMARY KEY, name text NOT NULL UNIQUE, mood drizzle_mood,
  tags text[], settings jsonb, balance numeric(20, 2), big bigint, born date,
  seen timestamp(3) with time zone, key uuid DEFAULT gen_random_uuid());`;
  const database = () => drizzle({ client: neon(endpoint.connectionString), schema: { users } });

  it("migrates, once", async ({ expect }) => {
    const folder = await mkdtemp(join(tmpdir(), "neon-http-"));
    await mkdir(join(folder, "meta"));
    await writeFile(join(folder, "0000_start.sql"), MIGRATION);
    const entries = [{ idx: 0, version: "7", when: 1, tag: "0000_start", breakpoints: true }];
    await writeFile(
      join(folder, "meta", "_journal.json"),
      JSON.stringify({ version: "7", dialect: "postgresql", entries }),
    );
    await migrate(database(), { migrationsFolder: folder });
    await migrate(database(), { migrationsFolder: folder });
    await rm(folder, { recursive: true });
    expect(await endpoint.sql`SELECT count(*) FROM drizzle.__drizzle_migrations`).toEqual([
      { count: "1" },
    ]);
  });

  it("writes and reads every kind of column", async ({ expect }) => {
    const row = {
      name: "Ada",
      mood: "happy" as const,
      tags: ["a,b", 'c"d', "NULL"],
      settings: { theme: "dark" },
      balance: "12345678901234567.89",
      big: 9007199254740993n,
      born: new Date("1815-12-10T00:00:00Z"),
      seen: new Date("2024-02-29T12:34:56.789Z"),
    };
    const [inserted] = await database().insert(users).values(row).returning();
    expect(inserted).toMatchObject({
      ...row,
      id: 1,
      key: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(await database().query.users.findFirst()).toEqual(inserted);
  });

  it("upserts, updates, counts and joins", async ({ expect }) => {
    const db = database();
    await db
      .insert(users)
      .values({ name: "Ada" })
      .onConflictDoUpdate({ target: users.name, set: { mood: "sad" } });
    await db.insert(users).values([{ name: "Bob" }, { name: "Cy" }]);
    await db.update(users).set({ tags: [] }).where(eq(users.name, "Bob"));
    const rows = await db
      .select({ name: users.name, mood: users.mood })
      .from(users)
      .orderBy(desc(users.name));
    expect(rows).toEqual([
      { name: "Cy", mood: null },
      { name: "Bob", mood: null },
      { name: "Ada", mood: "sad" },
    ]);
    expect(await db.$count(users)).toBe(3);
    const { rows: plain } = await db.execute(
      fragment`SELECT tags FROM ${users} WHERE name = ${"Bob"}`,
    );
    expect(plain).toEqual([{ tags: [] }]);
  });

  it("batches in one transaction, and undoes it whole", async ({ expect }) => {
    const db = database();
    const batch = db.batch([
      db.insert(users).values({ name: "Dee" }),
      db.insert(users).values({ name: "Ada" }),
    ]);
    await expect(batch).rejects.toMatchObject({
      code: "23505",
      constraint: "drizzle_users_name_key",
    });
    expect(await db.$count(users)).toBe(3);
    const [, found] = await db.batch([
      db.insert(users).values({ name: "Dee" }),
      db.select().from(users).where(eq(users.name, "Dee")),
    ]);
    expect(found).toMatchObject([{ name: "Dee" }]);
  });
});
