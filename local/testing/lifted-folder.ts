/**
 * @module
 * A pattern's folder lifted out: copied with just the files it imports into an empty Worker, which runs.
 */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { QUIET_WRANGLER } from "../supervisor/quiet-wrangler.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const COMPATIBILITY_DATE = "2026-10-23";
const FILES_MAX = 200;

const run = promisify(execFile);

const CONFIG = `name = "lifted"
main = "index.ts"
compatibility_date = "${COMPATIBILITY_DATE}"
[[rules]]
type = "Text"
globs = ["**/*.lua"]
fallthrough = true
`;

export interface LiftedFolder {
  readonly origin: string;
  /** Paths of all files that were copied. */
  readonly needed: readonly string[];
  stop(): Promise<void>;
}

/** @param folder with `testing/lifted-worker.ts`, which exports `liftedWorker` */
export async function liftFolder(
  folder: string,
  bindings: Readonly<Record<string, string>>,
): Promise<LiftedFolder> {
  const entry = `${folder}/testing/lifted-worker.ts`;
  await mkdir(join(ROOT, ".local"), { recursive: true });
  const dir = await mkdtemp(join(ROOT, ".local/lift-out-"));
  const needed = await closureOf(entry);
  const out = await bundle({ needed, entry }, dir);
  const options = convertV4MiniflareOptions({
    workers: [
      {
        name: "lifted",
        modules: await modulesIn(out),
        compatibilityDate: COMPATIBILITY_DATE,
        bindings,
      },
    ],
    cf: false,
  });
  const worker = new Miniflare(options);
  const { origin } = await worker.ready;
  const stop = async () => {
    await worker.dispose();
    await rm(dir, { recursive: true, force: true });
  };
  return { origin, needed, stop };
}

/** What a folder has for the Worker: no tests, no prose. */
export async function ownFiles(folder: string): Promise<readonly string[]> {
  const files = (await readdir(join(ROOT, folder))).filter((file) => /\.(?:ts|lua)$/.test(file));
  return files
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => `${folder}/${file}`)
    .sort();
}

export interface ReadmeLine {
  readonly command: string;
  readonly printed: RegExp;
}

/** The curl lines of a folder's README, each with what it says that they print; `…` stands for anything. */
export async function readmeLines(folder: string): Promise<readonly ReadmeLine[]> {
  const text = await readFile(join(ROOT, folder, "README.md"), "utf8");
  const blocks = text.matchAll(/^```sh\n(.+)\n```(?:\n\n```json\n(.+)\n```)?$/gm);
  return [...blocks].map(([, command = "", printed = ""]) => {
    const parts = printed.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return { command, printed: new RegExp(`^${parts.join('[^"{}]+')}$`) };
  });
}

/** What a line of a README prints. */
export async function runReadmeLine(
  { command }: ReadmeLine,
  env: { readonly URL: string; readonly KEY: string },
): Promise<string> {
  const { stdout } = await run("bash", ["-c", command], { env: { ...process.env, ...env } });
  return stdout;
}

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
async function bundle(
  { needed, entry }: { readonly needed: readonly string[]; readonly entry: string },
  dir: string,
): Promise<string> {
  for (const file of needed) {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await copyFile(join(ROOT, file), join(dir, file));
  }
  await writeFile(join(dir, "wrangler.toml"), CONFIG);
  await writeFile(join(dir, "index.ts"), `export { liftedWorker as default } from "./${entry}";\n`);
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  await run(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", "out"], {
    cwd: dir,
    env: { ...process.env, ...QUIET_WRANGLER },
  });
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
