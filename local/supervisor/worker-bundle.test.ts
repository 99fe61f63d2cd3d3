import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it, onTestFinished } from "vitest";
import { bundleWorker, sourcesHash } from "./worker-bundle.ts";

function project(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "worker-bundle-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const SOURCES = { "functions/index.ts": "a", "shared/x.lua": "b", "wrangler.toml": "c" };

describe("the key of a bundle", () => {
  it("is that of equal sources, wherever they are", ({ expect }) => {
    expect(sourcesHash(project(SOURCES))).toBe(sourcesHash(project(SOURCES)));
  });

  it.for([
    { "functions/index.ts": "changed" },
    { "shared/x.lua": "changed" },
    { "wrangler.toml": "changed" },
    { "durable-objects/new.ts": "" },
    { "package-lock.json": "{}" },
  ])("changes with %j", (change, { expect }) => {
    expect(sourcesHash(project({ ...SOURCES, ...change }))).not.toBe(sourcesHash(project(SOURCES)));
  });

  it("does not change with tests and texts for people", ({ expect }) => {
    const beside = { "functions/index.test.ts": "x", "functions/README.md": "x" };
    expect(sourcesHash(project({ ...SOURCES, ...beside }))).toBe(sourcesHash(project(SOURCES)));
  });

  it("tells apart where a file ends and the next begins", ({ expect }) => {
    const one = project({ "functions/a.ts": "xfunctions/b.tsy" });
    const other = project({ "functions/a.ts": "x", "functions/b.ts": "y" });
    expect(sourcesHash(one)).not.toBe(sourcesHash(other));
  });
});

describe("bundling", () => {
  it("fails with what the bundler said", async ({ expect }) => {
    const root = project({ ...SOURCES, "wrangler.toml": "" });
    await expect(bundleWorker(root, join(root, "data"))).rejects.toThrow(
      "The Worker could not be bundled",
    );
  });
});
