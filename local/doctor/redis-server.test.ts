import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { isAtLeast, parseVersion } from "./programs.ts";

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A PATH of its own with these programs, each a shell script; `$BIN` is their folder. */
function pathWith(programs: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), "doctor-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, script] of Object.entries(programs)) {
    const path = join(dir, name);
    writeFileSync(path, `#!/bin/sh\nBIN="${dir}"\n${script}\n`);
    chmodSync(path, 0o755);
  }
  return dir;
}

/** Runs `ensureRedisServer` as `npm start` does, as root or as somebody. */
function ensure(path: string, isRoot: boolean): Promise<Told> {
  const module = new URL("./redis-server.ts", import.meta.url).href;
  const script = `
    process.getuid = () => ${isRoot ? 0 : 1000};
    const { ensureRedisServer } = await import(${JSON.stringify(module)});
    process.exitCode = (await ensureRedisServer(console.log)) ? 0 : 1;`;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--input-type=module", "-e", script],
      { env: { PATH: path } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, stdout, stderr }),
    );
  });
}

const REDIS = 'echo "Redis server v=7.0.15 sha=00000000:0"';
/** Installs a redis-server, as the real one would, and notes how it was called. */
const APT = `echo "$@" >> "$BIN/calls"
if [ "$1" = install ]; then
  printf '#!/bin/sh\\n${REDIS}\\n' > "$BIN/redis-server"; /bin/chmod 755 "$BIN/redis-server"
fi`;

describe("a missing redis-server", () => {
  it("is not missing when it is on PATH and new enough", async ({ expect }) => {
    expect(await ensure(pathWith({ "redis-server": REDIS }), true)).toMatchObject({
      code: 0,
      stdout: "",
    });
  });

  it("is installed by apt as root, and that is said", async ({ expect }) => {
    const path = pathWith({ "apt-get": APT });
    const { code, stdout } = await ensure(path, true);
    expect(stdout).toContain("installing it: apt-get update && apt-get install -y");
    expect(stdout).toContain("redis-server is installed: 7.0.15");
    expect(code).toBe(0);
    expect(readFileSync(join(path, "calls"), "utf8")).toBe(
      "update\ninstall -y --no-install-recommends redis-server\n",
    );
  });

  it("is installed by brew, but never as root", async ({ expect }) => {
    expect((await ensure(pathWith({ brew: APT }), false)).code).toBe(0);
    const asRoot = await ensure(pathWith({ brew: APT }), true);
    expect(asRoot.code).toBe(1);
    expect(asRoot.stderr).toContain("brew install redis");
  });

  it("is left to the person where the package manager wants a password", async ({ expect }) => {
    const path = pathWith({ "apt-get": APT });
    const { code, stderr } = await ensure(path, false);
    expect(code).toBe(1);
    expect(stderr).toContain("sudo apt-get update && sudo apt-get install -y");
    expect(() => readFileSync(join(path, "calls"))).toThrow("ENOENT");
  });

  it("is told with a link where no package manager is known", async ({ expect }) => {
    const { code, stderr } = await ensure(pathWith({}), true);
    expect(code).toBe(1);
    expect(stderr).toContain("https://redis.io/");
  });

  it("is told with the command when the installation fails", async ({ expect }) => {
    const path = pathWith({ "apt-get": 'echo "no network" >&2; exit 100' });
    const { code, stdout, stderr } = await ensure(path, true);
    expect(code).toBe(1);
    expect(stdout).toContain("That did not work");
    expect(stderr).toContain("no network");
    expect(stderr).toContain("apt-get install");
  });

  it("is not replaced when an older one is there", async ({ expect }) => {
    const path = pathWith({ "redis-server": 'echo "Redis server v=6.2.7"', "apt-get": APT });
    const { code, stderr } = await ensure(path, true);
    expect(code).toBe(1);
    expect(stderr).toContain("is 6.2.7; 7.0 or newer is needed");
    expect(() => readFileSync(join(path, "calls"))).toThrow("ENOENT");
  });
});

describe("versions", () => {
  it("are read from what programs print", ({ expect }) => {
    expect(parseVersion("Redis server v=7.0.15 sha=0")).toMatchObject({ major: 7, minor: 0 });
    expect(parseVersion("go version go1.26.8 linux/amd64")).toMatchObject({ major: 1, minor: 26 });
    expect(parseVersion("none")).toBeNull();
  });

  it("compare by number, not by letter", ({ expect }) => {
    const version = { text: "22.9.0", major: 22, minor: 9 };
    expect(isAtLeast(version, 22, 12)).toBe(false);
    expect(isAtLeast(version, 9, 12)).toBe(true);
    expect(isAtLeast(version, 22, 9)).toBe(true);
  });
});
