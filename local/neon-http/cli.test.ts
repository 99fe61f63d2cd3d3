import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { neon, neonConfig } from "@neondatabase/serverless";
import { afterEach, beforeEach, describe, it } from "vitest";
import { temporaryPgliteFolder } from "./pglite-fixture.ts";

const START = join(import.meta.dirname, "..", "start.ts");

describe("npm run local -- --only neon-http", () => {
  let data: string;
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), "neon-http-"));
  });
  afterEach(() => rm(data, { recursive: true, force: true }));

  const run = (...options: readonly string[]) => {
    const child = spawn(process.execPath, [START, "--only", "neon-http", ...options], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    const exited = once(child, "exit").then(([code]) => ({ code: code as number | null, text }));
    const printed = async (pattern: RegExp) => {
      for (;;) {
        const found = pattern.exec(text)?.[1];
        if (found !== undefined) return found;
        if (child.exitCode !== null) throw new Error(text);
        await once(child.stdout, "data");
      }
    };
    return { child, exited, printed };
  };

  it("prints what to paste, serves it, and stops at Ctrl-C; the address stays", async ({
    expect,
  }) => {
    const options = ["--data", data, "--sql-port", "0"];
    const first = run(...options);
    const databaseUrl = await first.printed(/^DATABASE_URL=(.+)$/m);
    neonConfig.fetchEndpoint = await first.printed(/neonConfig\.fetchEndpoint = "(.+)";/);
    const sql = neon(databaseUrl);
    await sql`CREATE TABLE kept AS SELECT 1 AS id`;
    expect(await sql`SELECT id FROM kept`).toEqual([{ id: 1 }]);
    // npm passes on what the terminal has sent already.
    first.child.kill("SIGINT");
    first.child.kill("SIGINT");
    expect((await first.exited).code).toBe(0);
    expect((await stat(join(data, "password"))).mode & 0o777).toBe(0o600);

    const second = run(...options);
    const again = await second.printed(/^DATABASE_URL=(.+)$/m);
    expect(new URL(again).password).toBe(new URL(databaseUrl).password);
    neonConfig.fetchEndpoint = await second.printed(/neonConfig\.fetchEndpoint = "(.+)";/);
    expect(await neon(again)`SELECT id FROM kept`).toEqual([{ id: 1 }]);
    second.child.kill("SIGTERM");
    expect((await second.exited).code).toBe(0);
  });

  it("ends when its port is taken, and says which option chooses another", async ({ expect }) => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const folder = dirname(await temporaryPgliteFolder());
    const { child, exited } = run("--data", folder, "--sql-port", `${port}`);
    const gone = setTimeout(() => child.kill("SIGKILL"), 30_000);
    const { code, text } = await exited;
    clearTimeout(gone);
    expect({ code, text }).toEqual({
      code: 1,
      text: `Port ${port} is in use. Choose another with --sql-port.\n`,
    });
    taken.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("explains itself, and says in a sentence what is wrong", async ({ expect }) => {
    const [help, unknown, unreachable] = await Promise.all([
      run("--help").exited,
      run("--potato").exited,
      run("--postgres", "postgres://u:secret@127.0.0.1:1/d", "--data", data).exited,
    ]);
    expect(help.code).toBe(0);
    for (const option of ["--postgres", "--data", "--sql-port", "--password"]) {
      expect(help.text).toContain(option);
    }
    expect(unknown.code).toBe(2);
    expect(unknown.text).toContain("--potato");
    expect(unreachable.code).toBe(1);
    expect(unreachable.text).toContain("Postgres at 127.0.0.1:1 does not serve");
    expect(unreachable.text).not.toContain("secret");
    expect(unreachable.text).not.toContain("    at ");
  });
});
