import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, inject, it } from "vitest";
import { QUIET_WRANGLER } from "../../local/supervisor/quiet-wrangler.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDER = "functions/leaderboard";
const ENTRY = `${FOLDER}/testing/lifted-worker.ts`;
const COMPATIBILITY_DATE = "2026-10-23";
const FILES_MAX = 200;
const KEY = "key";

const run = promisify(execFile);

const CONFIG = `name = "lifted"
main = "index.ts"
compatibility_date = "${COMPATIBILITY_DATE}"
[[rules]]
type = "Text"
globs = ["**/*.lua"]
fallthrough = true
`;

/** Paths in this repository that a file imports at run time; types are gone by then. */
async function importsOf(path: string): Promise<string[]> {
  const text = await readFile(join(ROOT, path), "utf8");
  const statements = text.matchAll(/^(?:im|ex)port (?!type )[^"';]*?from "(\.[^"]+)";$/gm);
  return [...statements].map(([, target = ""]) => join(dirname(path), target));
}

/** The file and all that it needs of this repository. */
async function closureOf(entry: string): Promise<string[]> {
  const found = new Set([entry]);
  for (const path of found) {
    if (found.size > FILES_MAX) throw new Error("the folder needs the whole project");
    if (path.endsWith(".ts")) for (const target of await importsOf(path)) found.add(target);
  }
  return [...found];
}

/** An empty Worker with just these files in it, as wrangler would upload it. */
async function bundle(files: readonly string[], dir: string): Promise<string> {
  for (const file of files) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await copyFile(join(ROOT, file), join(dir, file));
  }
  await writeFile(join(dir, "wrangler.toml"), CONFIG);
  await writeFile(join(dir, "index.ts"), `export { liftedWorker as default } from "./${ENTRY}";\n`);
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  await run(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", "out"], {
    cwd: dir,
    env: { ...process.env, ...QUIET_WRANGLER },
  });
  return join(dir, "out");
}

async function startWorker(out: string): Promise<Miniflare> {
  const { url, token } = inject("redis");
  const options = convertV4MiniflareOptions({
    workers: [
      {
        name: "lifted",
        modules: await modulesIn(out),
        compatibilityDate: COMPATIBILITY_DATE,
        bindings: {
          UPSTASH_REDIS_REST_URL: url,
          UPSTASH_REDIS_REST_TOKEN: token,
          API_KEY_SHA256: createHash("sha256").update(KEY).digest("hex"),
        },
      },
    ],
    cf: false,
  });
  return new Miniflare(options);
}

async function modulesIn(out: string) {
  const files = await readdir(out);
  const read = (path: string) => readFile(join(out, path), "utf8");
  const texts = files.filter((file) => file.endsWith(".lua"));
  return [
    { type: "ESModule" as const, path: "index.js", contents: await read("index.js") },
    ...(await Promise.all(
      texts.map(async (path) => ({ type: "Text" as const, path, contents: await read(path) })),
    )),
  ];
}

let dir: string;
let needed: readonly string[];
let worker: Miniflare;

beforeAll(async () => {
  await mkdir(join(ROOT, ".local"), { recursive: true });
  dir = await mkdtemp(join(ROOT, ".local/lift-out-"));
  needed = await closureOf(ENTRY);
  worker = await startWorker(await bundle(needed, dir));
}, 120_000);

afterAll(async () => {
  await worker.dispose();
  await rm(dir, { recursive: true, force: true });
});

describe("the folder of the leaderboard", () => {
  it("needs no more than itself, shared/ and the HTTP shell", async ({ expect }) => {
    const files = (await readdir(join(ROOT, FOLDER))).filter((file) => /\.(?:ts|lua)$/.test(file));
    const mine = files.filter((file) => !file.endsWith(".test.ts"));
    const found = needed.filter((file) => dirname(file) === FOLDER).map((file) => basename(file));
    expect(found.sort()).toEqual(mine.sort());
    const allowed = /^(?:shared\/|functions\/(?:http|leaderboard)\/)/;
    expect(needed.filter((file) => !allowed.test(file))).toEqual([]);
  });

  it("runs in an empty Worker with just the files it imports, and its README's lines with it", async ({
    expect,
  }) => {
    const { origin } = await worker.ready;
    const lines = await readmeLines();
    expect(lines.length).toBeGreaterThanOrEqual(11);
    for (const { command, printed } of lines) {
      const { stdout } = await run("bash", ["-c", command], {
        env: { ...process.env, URL: origin, KEY },
      });
      expect(stdout, command).toMatch(printed);
    }
  });
});

/** The curl lines of the README, each with what it says that they print; `…` stands for anything. */
async function readmeLines(): Promise<{ command: string; printed: RegExp }[]> {
  const text = await readFile(join(ROOT, FOLDER, "README.md"), "utf8");
  const blocks = text.matchAll(/^```sh\n(.+)\n```(?:\n\n```json\n(.+)\n```)?$/gm);
  return [...blocks].map(([, command = "", printed = ""]) => {
    const parts = printed.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return { command, printed: new RegExp(`^${parts.join('[^"{}]+')}$`) };
  });
}
