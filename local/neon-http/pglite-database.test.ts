import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { sqlDatabaseContract } from "./contract.ts";
import { rowsOf, single, transaction } from "./contract-calls.ts";
import { openPglite } from "./pglite-database.ts";
import { temporaryPglite, temporaryPgliteFolder } from "./pglite-fixture.ts";

describe("SqlDatabase over PGlite", () => {
  sqlDatabaseContract({ slots: 1, open: temporaryPglite });
});

describe("PGlite", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await temporaryPgliteFolder();
  });
  afterEach(() => rm(dirname(folder), { recursive: true, force: true }));

  it("runs one request at a time: statements of concurrent batches do not mix", async ({
    expect,
  }) => {
    const database = await openPglite({ dataDir: folder });
    await single(database, "CREATE TABLE steps (at serial PRIMARY KEY, batch int4)");
    const batches = Array.from({ length: 8 }, (_, batch) =>
      transaction(
        database,
        Array.from({ length: 5 }, () => `INSERT INTO steps (batch) VALUES (${batch})`),
      ),
    );
    await Promise.all(batches);
    const rows = await rowsOf(single(database, "SELECT batch FROM steps ORDER BY at"));
    expect(rows.map(([batch]) => Number(batch))).toEqual(
      Array.from({ length: 40 }, (_, i) => Math.floor(i / 5)),
    );
    await database.close();
  });

  it("finds its data again, and the requests that waited behind a statement that was killed", async ({
    expect,
  }) => {
    const database = await openPglite({ dataDir: folder, statementTimeoutMs: 2_000 });
    await single(database, "CREATE TABLE kept (id int4)");
    const ended = single(database, "INSERT INTO kept SELECT generate_series(1, 1000000000)");
    const waited = single(database, "INSERT INTO kept VALUES (7)");
    expect((await ended).kind).toBe("failed");
    expect((await waited).kind).toBe("done");
    await database.close();
    const again = await openPglite({ dataDir: folder });
    expect(await rowsOf(single(again, "SELECT id FROM kept"))).toEqual([["7"]]);
    await again.close();
  });

  it("cleans up behind its requests once nobody asks", async ({ expect }) => {
    const upkeep = { afterRequests: 3, idleMs: 0 };
    const database = await openPglite({ dataDir: folder, upkeep });
    await transaction(database, [
      "CREATE TABLE dead (id int4)",
      "INSERT INTO dead SELECT generate_series(1, 1000)",
    ]);
    await single(database, "DELETE FROM dead");
    const sizeBytes = async () =>
      Number((await rowsOf(single(database, "SELECT pg_relation_size('dead')")))[0]?.[0]);
    expect(await sizeBytes()).toBeGreaterThan(0);
    // Each look is a request too; between them nobody asks.
    while ((await sizeBytes()) > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await database.close();
  });

  it("ends what still runs a moment after it was closed", async ({ expect }) => {
    const database = await openPglite({ dataDir: folder });
    const runs = single(database, "SELECT pg_sleep(10)");
    await database.close();
    expect((await runs).kind).toBe("lost");
  });

  it("is not opened by two at once", async ({ expect }) => {
    const database = await openPglite({ dataDir: folder });
    await expect(openPglite({ dataDir: folder })).rejects.toThrow("is in use by another process");
    await database.close();
    await (await openPglite({ dataDir: folder })).close();
  });

  it("says what to do with a folder that it cannot open", async ({ expect }) => {
    await writeFile(join(folder, "PG_VERSION"), "15\n");
    await expect(openPglite({ dataDir: folder })).rejects.toThrow(
      /cannot open .*pgdata \(.*\). If its data may go, remove the folder/s,
    );
    expect(await readFile(join(folder, "PG_VERSION"), "utf8")).toBe("15\n");
  });

  it("keeps every answered write when its process is killed", async ({ expect }) => {
    const child = fork(new URL("./kill-me.fixture.ts", import.meta.url), [folder]);
    let answered = -1;
    child.on("message", (last: number) => {
      answered = last;
      if (last >= 300) child.kill("SIGKILL");
    });
    await exited(child);
    expect(answered).toBeGreaterThanOrEqual(300);
    const database = await openPglite({ dataDir: folder });
    const [row] = await rowsOf(single(database, "SELECT count(*), max(id) FROM written"));
    expect(Number(row?.[1])).toBeGreaterThanOrEqual(answered);
    expect(Number(row?.[0])).toBe(Number(row?.[1]) + 1);
    await database.close();
  });
});

async function exited(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
