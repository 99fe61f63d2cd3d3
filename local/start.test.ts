import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, it } from "vitest";

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(script: string, ...argv: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(import.meta.dirname, script), ...argv],
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, stdout, stderr });
      },
    );
  });
}

const SCRIPTS = [
  "start.ts",
  "dev.ts",
  "test.ts",
  "check.ts",
  "doctor.ts",
  "deploy.ts",
  "make-secret.ts",
];

describe("every command", () => {
  it.for(SCRIPTS)(
    "%s answers --help, and an unknown option with code 2",
    async (script, { expect }) => {
      const [help, wrong] = await Promise.all([run(script, "--help"), run(script, "--hepl")]);
      expect(help).toMatchObject({ code: 0, stderr: "" });
      expect(help.stdout).toContain("Usage: np");
      expect(wrong).toMatchObject({ code: 2, stdout: "" });
      expect(wrong.stderr).toContain("Unknown option --hepl.");
    },
  );
});

describe("npm run local -- --only", () => {
  it.for(["redis-http", "neon-http"])("%s explains itself", async (part, { expect }) => {
    for (const argv of [
      ["--only", part, "--help"],
      [`--only=${part}`, "--help"],
    ]) {
      const { code, stdout } = await run("start.ts", ...argv);
      expect(code).toBe(0);
      expect(stdout).toContain(`--only ${part}`);
    }
  });

  it("names the parts there are, and the one that was meant", async ({ expect }) => {
    const { code, stderr } = await run("start.ts", "--only", "redis-htp");
    expect(code).toBe(2);
    expect(stderr).toContain('redis-http or neon-http, not "redis-htp". Did you mean redis-http?');
  });
});

describe("make-secret", () => {
  it("makes an API key whose hash goes to the Worker and whose text to the person", async ({
    expect,
  }) => {
    const { stdout, stderr } = await run("make-secret.ts", "API_KEYS", "--tenant", "acme");
    const [, key = ""] = /: (ekv_\S+)/.exec(stderr) ?? [];
    expect(stdout).not.toContain(key);
    expect(JSON.parse(stdout)).toEqual([
      {
        id: "first",
        sha256: createHash("sha256").update(key).digest("hex"),
        tenant: "acme",
        scopes: ["read", "write", "admin"],
      },
    ]);
  });
});
