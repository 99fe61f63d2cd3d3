import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, it, onTestFinished } from "vitest";

const DEPLOY = join(import.meta.dirname, "deploy.ts");
const SET = [
  "UPSTASH_REDIS_REST_URL",
  "UPSTASH_REDIS_REST_TOKEN",
  "DATABASE_URL",
  "API_KEYS",
  "SESSION_SECRETS",
];
/** Of a host that does not exist, by RFC 2606. */
const DATABASE_URL = "postgres://owner:hush@db.example.invalid/app";

interface Deployed {
  readonly code: number;
  readonly output: string;
  /** How wrangler was called, a line a call. */
  readonly calls: readonly string[];
}

/** `npm run deploy` with a wrangler that answers `secret list` and notes what else it is asked. */
function deploy(
  secretList: string,
  argv: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Deployed> {
  const dir = mkdtempSync(join(tmpdir(), "deploy-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(
    join(dir, "wrangler"),
    `#!/bin/sh\necho "$*" >> "${dir}/calls"\nif [ "$1" = secret ]; then ${secretList}; fi\n`,
  );
  chmodSync(join(dir, "wrangler"), 0o755);
  const { PATH = "" } = process.env;
  const env = { ...environment, PATH: [dir, PATH].join(delimiter), HOME: dir };
  return new Promise((resolve) => {
    execFile(process.execPath, [DEPLOY, ...argv], { env }, (error, stdout, stderr) => {
      const path = join(dir, "calls");
      const calls = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, output: `${stdout}${stderr}`, calls });
    });
  });
}

const listing = (names: readonly string[]) =>
  `echo '${JSON.stringify(names.map((name) => ({ name, type: "secret_text" })))}'`;

function file(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), "secrets-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, "secrets");
  writeFileSync(path, text);
  return path;
}

describe("npm run deploy", () => {
  it("uploads when every secret is set, and passes on what is wrangler's", async ({ expect }) => {
    const { code, calls } = await deploy(listing(SET), ["--", "--minify"]);
    expect(calls).toEqual(["secret list --format json", "deploy --minify"]);
    expect(code).toBe(0);
  });

  it("uploads nothing while a secret is missing, and names each with its command", async ({
    expect,
  }) => {
    const { code, output, calls } = await deploy(listing(SET.slice(2)));
    expect(code).toBe(1);
    expect(calls).toEqual(["secret list --format json"]);
    expect(output).toContain("npx wrangler secret put UPSTASH_REDIS_REST_URL\n");
    expect(output).toContain("npx wrangler secret put UPSTASH_REDIS_REST_TOKEN\n");
    expect(output).toContain("Not deployed: 2 to mend.");
  });

  it("knows a Worker that was never deployed from one that cannot be asked for", async ({
    expect,
  }) => {
    const fresh = await deploy('echo "Worker \\"edge-kv-patterns\\" not found." >&2; exit 1');
    expect(fresh.output).toContain("is not deployed yet");
    expect(fresh.output).toContain("Not deployed: 5 to mend.");
    const stranger = await deploy('echo "You are not authenticated" >&2; exit 1');
    expect(stranger.output).toContain("You are not authenticated");
    expect(stranger.output).toContain("npx wrangler login");
    expect(stranger.calls.length).toBe(1);
  });

  it("judges the secrets of a file by the Worker's own rules, and never shows them", async ({
    expect,
  }) => {
    const secrets = file(
      "UPSTASH_REDIS_REST_URL=http://localhost:1\nUPSTASH_REDIS_REST_TOKEN=hush\nDATABASE_URL=postgres://hush\nAPI_KEYS=[{]\nSESSION_SECRETS={}\nSESSION_ORIGINS=*\n",
    );
    const { code, output, calls } = await deploy(listing([]), ["--secrets-file", secrets]);
    expect(code).toBe(1);
    expect(output).toContain("API_KEYS is not valid JSON");
    expect(output).toContain("SESSION_SECRETS is malformed: it must hold at least one secret");
    expect(output).toContain("SESSION_ORIGINS is malformed: each must be an origin");
    expect(output).toContain("DATABASE_URL");
    expect(output).toContain("points at this machine (localhost)");
    expect(output).not.toContain("hush");
    expect(calls.length).toBe(1);
  });

  it("leaves alone the database that the shell happens to name", async ({ expect }) => {
    const { code, output, calls } = await deploy(listing(SET), [], { DATABASE_URL });
    expect(output).toContain("note: the schema is not applied");
    expect(calls).toContain("deploy");
    expect(code).toBe(0);
  });

  it.for([
    ["of the shell on request", () => ["--apply-schema"], { DATABASE_URL }],
    ["of the secrets file", () => ["--secrets-file", file(`DATABASE_URL=${DATABASE_URL}`)], {}],
  ] as const)(
    "brings the schema into the database %s, and says first which one that is",
    async ([, argv, env], { expect }) => {
      const { code, output, calls } = await deploy(listing(SET), argv(), env);
      expect(output).toMatch(/applying functions\/\S+ to db\.example\.invalid\/app\n/);
      expect(output).not.toContain("hush");
      // There is no such host.
      expect(calls).toEqual(["secret list --format json"]);
      expect(code).toBe(1);
    },
  );

  it("applies no schema where it is not told the database, and none on --dry-run", async ({
    expect,
  }) => {
    const nowhere = await deploy(listing(SET), ["--apply-schema"]);
    expect(nowhere.output).toContain("--apply-schema needs DATABASE_URL");
    expect(nowhere.calls).toEqual(["secret list --format json"]);
    expect(nowhere.code).toBe(1);
    const dry = await deploy("exit 1", ["--dry-run", "--apply-schema"], { DATABASE_URL });
    expect(dry.output).not.toContain("applying");
    expect(dry.calls).toEqual(["deploy --dry-run"]);
  });

  it("checks what it can without network on --dry-run", async ({ expect }) => {
    const { code, calls } = await deploy("exit 1", ["--dry-run"]);
    expect(code).toBe(0);
    expect(calls).toEqual(["deploy --dry-run"]);
  });

  it("says so when the environment or the file is not there", async ({ expect }) => {
    const env = await deploy(listing(SET), ["--env", "nowhere"]);
    expect(env.output).toContain("wrangler.toml has no [env.nowhere]");
    expect(env.calls).toEqual([]);
    const missing = await deploy(listing(SET), ["--secrets-file", "/no/such/file"]);
    expect(missing.output).toContain("no such file");
    expect(missing.code).toBe(1);
  });
});
