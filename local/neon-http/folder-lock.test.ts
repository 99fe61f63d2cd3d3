import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { lockFolder } from "./folder-lock.ts";

describe("lockFolder", () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "neon-http-"));
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  it("keeps a second one out until the first lets go", async ({ expect }) => {
    const folder = join(parent, "data");
    const first = await lockFolder(folder);
    await expect(lockFolder(folder, 0)).rejects.toThrow(`${folder} is in use by another process`);
    const waits = lockFolder(folder);
    await first.release();
    await (await waits).release();
  });

  it("locks folders apart from each other", async ({ expect }) => {
    const locks = await Promise.all([
      lockFolder(join(parent, "a"), 0),
      lockFolder(join(parent, "b"), 0),
    ]);
    expect(locks).toHaveLength(2);
    await Promise.all(locks.map((lock) => lock.release()));
  });

  it("is free again when its holder is killed", async ({ expect }) => {
    const folder = join(parent, "data");
    const lockModule = new URL("./folder-lock.ts", import.meta.url).href;
    const script = `
      const { lockFolder } = await import(${JSON.stringify(lockModule)});
      await lockFolder(${JSON.stringify(folder)});
      process.stdout.write("locked");
      setInterval(() => {}, 1000);
    `;
    const holder = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    await expect(lockFolder(folder, 0)).rejects.toThrow("is in use");
    const died = once(holder, "exit");
    holder.kill("SIGKILL");
    await died;
    await (await lockFolder(folder, 0)).release();
  });
});
