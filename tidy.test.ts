/**
 * @module
 * The house rules that no compiler or linter checks, each with its reason. A rule is a pure function from
 * files to complaints, and is itself tested on a file that breaks it.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { describe, it } from "vitest";
import { PATTERNS } from "./shared/patterns.ts";

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

interface Rule {
  readonly name: string;
  readonly reason: string;
  /** Paths (with a detail) that break the rule. */
  readonly broken: (files: readonly SourceFile[]) => readonly string[];
  /** Files that break it. */
  readonly example: readonly SourceFile[];
}

const PATTERN_IDS: readonly string[] = PATTERNS.map(({ id }) => id);
const LINES_MAX = 300;
const LUA_LINES_MAX = 80;

const isCode = (path: string) => path.endsWith(".ts") && !path.endsWith(".d.ts");
const isTest = (path: string) => path.endsWith(".test.ts") || path.includes("/testing/");
const patternOf = (path: string) => /^functions\/([^/]+)\//.exec(path)?.[1];
const builtPatterns = (files: readonly SourceFile[]) =>
  PATTERN_IDS.filter((id) => files.some(({ path }) => path.startsWith(`functions/${id}/`)));

/** Complaints of a rule that looks at one file at a time. */
const perFile =
  (applies: (path: string) => boolean, complaint: (file: SourceFile) => string | null) =>
  (files: readonly SourceFile[]) =>
    files.flatMap((file) => {
      const said = applies(file.path) ? complaint(file) : null;
      return said === null ? [] : [`${file.path}: ${said}`];
    });

const matches = (pattern: RegExp) => (file: SourceFile) => pattern.exec(file.text)?.[0] ?? null;

const RULES: readonly Rule[] = [
  {
    name: "a source file has at most 300 lines",
    reason: "the file is the unit of understanding; every codebase we admire grew one that is not",
    broken: perFile(isCode, ({ text }) => {
      const lines = text.split("\n").length - 1;
      return lines > LINES_MAX ? `${lines} lines` : null;
    }),
    example: [{ path: "shared/long.ts", text: "\n".repeat(LINES_MAX + 1) }],
  },
  {
    name: "a Lua script has at most 80 lines",
    reason: "a script blocks its keys while it runs, and nobody can step through it",
    broken: perFile(
      (path) => path.endsWith(".lua"),
      ({ text }) => {
        const lines = text.split("\n").length - 1;
        return lines > LUA_LINES_MAX ? `${lines} lines` : null;
      },
    ),
    example: [{ path: "functions/leaderboard/x.lua", text: "\n".repeat(LUA_LINES_MAX + 1) }],
  },
  {
    name: "file names are kebab-case and say what is inside",
    reason: "utils, helpers and common collect what nobody could name",
    broken: perFile(isCode, ({ path }) => {
      const name = basename(path).split(".")[0] ?? "";
      if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) return "not kebab-case";
      return /^(utils?|helpers?|common|misc)$/.test(name) ? "says nothing" : null;
    }),
    example: [{ path: "shared/utils.ts", text: "" }],
  },
  {
    name: "the clock and the dice are handed in",
    reason: "a race that reads the clock itself cannot be replayed from a seed",
    broken: perFile(
      (path) =>
        isCode(path) &&
        !isTest(path) &&
        (path.startsWith("shared/") || PATTERN_IDS.includes(patternOf(path) ?? "")),
      matches(/\bMath\.random\b|\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/),
    ),
    example: [{ path: "functions/leaderboard/scores.ts", text: "const now = Date.now();" }],
  },
  {
    name: "a pattern never imports another pattern",
    reason: "each folder can be lifted into another Worker; what two of them use lives in shared/",
    broken: perFile(
      (path) => isCode(path) && patternOf(path) !== undefined,
      ({ path, text }) => {
        const others = PATTERN_IDS.filter((id) => id !== patternOf(path));
        return others.find((id) => new RegExp(`from "[^"]*/${id}/`).test(text)) ?? null;
      },
    ),
    example: [
      { path: "functions/leaderboard/x.ts", text: 'import { a } from "../cache-aside/a.ts";' },
    ],
  },
  {
    name: "only an adapter imports a store's SDK",
    reason: "retries, timeouts and error texts of the SDKs are tamed in one place",
    broken: perFile(
      (path) =>
        isCode(path) &&
        !isTest(path) &&
        /^(functions|durable-objects|shared)\//.test(path) &&
        path !== "shared/redis/upstash.ts" &&
        path !== "shared/postgres/neon.ts",
      matches(/from "@(?:upstash\/redis|neondatabase\/serverless)[^"]*"/),
    ),
    example: [{ path: "functions/x.ts", text: 'import { Redis } from "@upstash/redis";' }],
  },
  {
    name: "a Lua script has its header, its wrapper and its test",
    reason: "without the flag Upstash locks the whole database for each call of the script",
    broken: (files) =>
      files
        .filter(({ path }) => path.endsWith(".lua"))
        .flatMap(({ path, text }) => {
          const said: string[] = [];
          if (!/^#!lua flags=(?:no-writes,)?allow-key-locking\n/.test(text)) said.push("header");
          const inFolder = files.filter((file) => dirname(file.path) === dirname(path));
          const importsIt = ({ text }: SourceFile) => text.includes(`"./${basename(path)}"`);
          if (!inFolder.some((file) => !isTest(file.path) && importsIt(file))) said.push("wrapper");
          if (!inFolder.some((file) => file.path.endsWith(".redis.test.ts"))) said.push("test");
          return said.map((what) => `${path}: has no ${what}`);
        }),
    example: [{ path: "functions/leaderboard/x.lua", text: "return 1\n" }],
  },
  {
    name: "a built pattern has routes, schema, README, tests, journey and a README row",
    reason: "a pattern without one of them cannot be used, trusted or measured",
    broken: (files) =>
      builtPatterns(files).flatMap((id) => {
        const has = (path: string) => files.some((file) => file.path === path);
        const wanted = ["routes.ts", "schema.ts", "README.md"].map((f) => `functions/${id}/${f}`);
        wanted.push(`loadtest/journeys/${id}.ts`);
        const missing = wanted.filter((path) => !has(path));
        const tests = files.filter(
          ({ path }) => path.startsWith(`functions/${id}/`) && path.endsWith(".test.ts"),
        );
        if (tests.length === 0) missing.push(`functions/${id}/*.test.ts`);
        const readme = files.find(({ path }) => path === "README.md");
        if (!readme?.text.includes(`functions/${id}/README.md`))
          missing.push(`README row of ${id}`);
        return missing;
      }),
    example: [{ path: "functions/leaderboard/routes.ts", text: "" }],
  },
  {
    name: "no unfinished business",
    reason: "a note to oneself outlives its author; an issue is read",
    broken: perFile(
      (path) => (isCode(path) || path.endsWith(".lua")) && path !== "tidy.test.ts",
      matches(/\b(?:TODO|FIXME|XXX|HACK)\b/),
    ),
    example: [{ path: "shared/x.ts", text: "// TODO later" }],
  },
  {
    name: "a path is never taken from a URL as it is",
    reason: "a URL is percent-encoded: the file is not found in a folder with a space or an umlaut",
    broken: perFile(
      (path) => isCode(path) && path !== "tidy.test.ts",
      matches(/import\.meta\.url\)\.pathname/),
    ),
    example: [{ path: "local/x.ts", text: 'new URL("./y.ts", import.meta.url).pathname' }],
  },
  {
    name: "no test is left out or run alone",
    reason: "a skipped test is a promise nobody keeps",
    broken: perFile(
      (path) => path.endsWith(".test.ts") && path !== "tidy.test.ts",
      matches(/\b(?:it|test|describe)\.(?:only|skip|todo)\b/),
    ),
    example: [{ path: "shared/x.test.ts", text: "it.only('x', () => {})" }],
  },
  {
    name: "a Markdown file has exactly one title",
    reason: "the title is what a reader searches for",
    broken: perFile(
      (path) => path.endsWith(".md"),
      ({ text }) => {
        const prose = text.replace(/^```[\s\S]*?^```/gm, "");
        const titles = prose.split("\n").filter((line) => line.startsWith("# ")).length;
        return titles === 1 ? null : `${titles} titles`;
      },
    ),
    example: [{ path: "x.md", text: "# a\n# b\n" }],
  },
  {
    name: "the lock file names no download address",
    reason: "an address of a mirror that only one machine reaches breaks everyone else's install",
    broken: perFile((path) => path === "package-lock.json", matches(/"resolved": "http[^"]*"/)),
    example: [{ path: "package-lock.json", text: '"resolved": "https://mirror/x.tgz"' }],
  },
  {
    name: "dependencies are pinned exactly",
    reason: "a caret pulls in a second wrangler and a second workerd",
    broken: perFile(
      (path) => path === "package.json",
      ({ text }) => /"(?:[@a-z0-9/._-]+)": "[\^~*][^"]*"/i.exec(text)?.[0] ?? null,
    ),
    example: [{ path: "package.json", text: '{"dependencies":{"hono": "^4.0.0"}}' }],
  },
];

function repositoryFiles(): SourceFile[] {
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    {
      encoding: "utf8",
      maxBuffer: 16 * 1024 * 1024,
    },
  );
  return listed
    .split("\0")
    .filter(
      (path) => /\.(?:ts|lua|md|json|toml|sql)$/.test(path) && !/^loadtest\/results\//.test(path),
    )
    .flatMap((path) => {
      try {
        return [{ path, text: readFileSync(path, "utf8") }];
      } catch {
        return [];
      }
    });
}

describe("house rules", () => {
  const files = repositoryFiles();
  for (const rule of RULES) {
    it(rule.name, ({ expect }) => {
      expect(rule.broken(files), rule.reason).toEqual([]);
    });

    it(`notices when not: ${rule.name}`, ({ expect }) => {
      expect(rule.broken(rule.example)).not.toEqual([]);
    });
  }
});
