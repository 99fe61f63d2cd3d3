import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { createPgliteFolder, folderState } from "./pglite-create.ts";
import { openPglite } from "./pglite-database.ts";
import { temporaryPgliteFolder } from "./pglite-fixture.ts";

describe("createPgliteFolder", () => {
  let parent: string;
  let folder: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "neon-http-"));
    folder = join(parent, "deep", "pgdata");
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  it("makes a database that opens, once, for callers at the same time", async ({ expect }) => {
    const seen = new Set<string>();
    const look = async () => {
      seen.add((await readdir(dirname(folder)).catch(() => [])).join());
    };
    const looking = setInterval(() => void look(), 10);
    const made = await Promise.all([createPgliteFolder(folder), createPgliteFolder(folder)]);
    clearInterval(looking);
    expect([...made].sort()).toEqual(["created", "found"]);
    expect(seen).toContain("pgdata.partial");
    expect(seen).not.toContain("pgdata,pgdata.partial");
    expect(await folderState(folder)).toBe("complete");
    expect(await readdir(dirname(folder))).toEqual(["pgdata"]);
    const database = await openPglite({ dataDir: folder });
    const one = { kind: "single", statement: { text: "SELECT 1", params: [] } } as const;
    expect((await database.run(one)).kind).toBe("done");
    await database.close();
  });

  it("starts again after it was killed half-way, and replaces what initdb left", async ({
    expect,
  }) => {
    const complete = await temporaryPgliteFolder();
    for (const leftover of [folder, `${folder}.partial`]) {
      await cp(complete, leftover, { recursive: true });
      await rm(join(leftover, "global", "pg_control"));
    }
    expect(await folderState(folder)).toBe("incomplete");
    expect(await createPgliteFolder(folder)).toBe("recreated");
    expect(await folderState(folder)).toBe("complete");
    expect(await readdir(dirname(folder))).toEqual(["pgdata"]);
    await rm(dirname(complete), { recursive: true });
  });

  it("leaves a folder alone that holds somebody's files", async ({ expect }) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "thesis.txt"), "years of work");
    await expect(createPgliteFolder(folder)).rejects.toThrow(
      "is not empty and holds no Postgres data",
    );
    expect(await readFile(join(folder, "thesis.txt"), "utf8")).toBe("years of work");
    await expect(createPgliteFolder(join(folder, "thesis.txt"))).rejects.toThrow("not a folder");
  });
});
