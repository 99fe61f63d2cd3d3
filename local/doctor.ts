/**
 * @module
 * `npm run doctor`: what this machine lacks, and for each the command that mends it. Exits with 1 when something
 * is missing that `npm start` or `npm test` need.
 */
import { join, resolve } from "node:path";
import { readCommandLine } from "./command-line.ts";
import { examine, type Finding } from "./doctor/checks.ts";
import { installK6 } from "./doctor/k6.ts";
import { ensureRedisServer } from "./doctor/redis-server.ts";
import { defaultDataDir } from "./supervisor/run-stack.ts";

const ROOT = join(import.meta.dirname, "..");

const GRADES: Readonly<Record<Finding["grade"], string>> = {
  fine: "ok     ",
  missing: "MISSING",
  optional: "lacking",
};

const { options } = readCommandLine({
  usage: "npm run doctor",
  summary: "Says what is missing on this machine and how to mend it.",
  options: {
    install: {
      kind: "flag",
      help: "install redis-server and k6 where that can be done without asking",
    },
    port: { kind: "number", value: "N", default: 8787, help: "as for npm start" },
    "redis-port": { kind: "number", value: "N", default: 7400, help: "as for npm start" },
    data: { kind: "text", value: "DIR", help: "as for npm start" },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
if (options.install) {
  await ensureRedisServer(say);
  await installK6(ROOT, say);
}
const findings = await examine({
  root: ROOT,
  dataDir: options.data === null ? defaultDataDir(ROOT) : resolve(options.data),
  bases: { port: options.port, redisPort: options["redis-port"] },
});
const width = Math.max(...findings.map(({ subject }) => subject.length));
for (const { subject, grade, detail, mend } of findings) {
  say(`${GRADES[grade]}  ${subject.padEnd(width)}  ${detail}`);
  if (mend !== null) say(`${" ".repeat(width + 9)}to mend it: ${mend}`);
}
if (findings.some(({ grade }) => grade === "missing")) process.exitCode = 1;
