/**
 * @module
 * `npm run check`: everything that must be true before a change goes in. Each part runs even when one before it
 * failed, so that one run shows all there is to mend.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { readCommandLine } from "./command-line.ts";
import { QUIET_WRANGLER } from "./supervisor/quiet-wrangler.ts";

const ROOT = join(import.meta.dirname, "..");
const BIN = join(ROOT, "node_modules", ".bin");

interface Part {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

const PARTS: readonly Part[] = [
  { name: "format and lint", command: [join(BIN, "biome"), "check", "."] },
  { name: "types", command: [join(BIN, "tsc"), "-b"] },
  { name: "types of the bindings", command: ["npm", "run", "--silent", "types", "--", "--check"] },
  { name: "unused code", command: [join(BIN, "knip")] },
];
const TESTS: Part = { name: "tests", command: [process.execPath, join(ROOT, "local", "test.ts")] };

const { options } = readCommandLine({
  usage: "npm run check",
  summary: "Format, lint, types, unused code and tests.",
  options: { "no-tests": { kind: "flag", help: "leave the tests out" } },
});

const failed: string[] = [];
for (const part of options["no-tests"] ? PARTS : [...PARTS, TESTS]) {
  process.stdout.write(`\n── ${part.name}\n`);
  if (!(await succeeds(part))) failed.push(part.name);
}
if (failed.length > 0) process.stderr.write(`\nTo mend: ${failed.join(", ")}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

function succeeds({ command: [program, ...args] }: Part): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...QUIET_WRANGLER };
    const child = spawn(program, args, { cwd: ROOT, stdio: "inherit", env });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}
