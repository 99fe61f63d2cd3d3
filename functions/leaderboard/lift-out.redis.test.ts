import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { describe, inject, it } from "vitest";
import { QUIET_WRANGLER } from "../../local/supervisor/quiet-wrangler.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const FOLDER = "functions/leaderboard";
const ENTRY = `${FOLDER}/testing/lifted-worker.ts`;
const COMPATIBILITY_DATE = "2026-10-23";
const FILES_MAX = 200;

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
  await promisify(execFile)(
    process.execPath,
    [wrangler, "deploy", "--dry-run", "--outdir", "out"],
    {
      cwd: dir,
      env: { ...process.env, ...QUIET_WRANGLER },
    },
  );
  return join(dir, "out");
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

describe("the folder of the leaderboard", () => {
  it("runs in an empty Worker with just the files it imports", async ({
    expect,
    onTestFinished,
  }) => {
    await mkdir(join(ROOT, ".local"), { recursive: true });
    const dir = await mkdtemp(join(ROOT, ".local/lift-out-"));
    onTestFinished(() => rm(dir, { recursive: true, force: true }));
    const whole = (await readdir(join(ROOT, FOLDER))).filter((file) => /\.(?:ts|lua)$/.test(file));
    const mine = whole
      .filter((file) => !file.endsWith(".test.ts"))
      .map((file) => `${FOLDER}/${file}`);
    const needed = await closureOf(ENTRY);
    expect(needed.filter((file) => dirname(file) === FOLDER).sort()).toEqual(mine.sort());
    const foreign = needed.filter(
      (file) => !/^(?:shared\/|functions\/(?:http|leaderboard)\/)/.test(file),
    );
    expect(foreign).toEqual([]);

    const out = await bundle(needed, dir);
    const { url, token } = inject("redis");
    const worker = new Miniflare(
      convertV4MiniflareOptions({
        workers: [
          {
            name: "lifted",
            modules: await modulesIn(out),
            compatibilityDate: COMPATIBILITY_DATE,
            bindings: {
              UPSTASH_REDIS_REST_URL: url,
              UPSTASH_REDIS_REST_TOKEN: token,
              API_KEY_SHA256: createHash("sha256").update("key").digest("hex"),
            },
          },
        ],
        cf: false,
      }),
    );
    onTestFinished(() => worker.dispose());
    const board = `http://lifted/leaderboard/boards/${relative(join(ROOT, ".local"), dir)}`;
    const headers = { Authorization: "Bearer key", "Content-Type": "application/json" };
    const send = (method: string, path: string, body?: object) =>
      worker.dispatchFetch(`${board}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const created = await send("PUT", "", { order: "desc", mode: "best", tie: "earliest" });
    expect(created.status).toBe(201);
    const submitted = await send("POST", "/scores", { member: "ann", score: 7 });
    expect(await submitted.json()).toMatchObject({ applied: true, rank: 1 });
    const read = await send("GET", "/members/ann");
    expect(await read.json()).toEqual({ rank: 1, member: "ann", score: 7, total: 1 });
  });
});
