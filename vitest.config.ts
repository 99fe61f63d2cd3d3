import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig, type Plugin } from "vitest/config";

/** Imports a `.lua` or `.sql` file as its text, as wrangler's rules do for the Worker. */
const scriptAsText: Plugin = {
  name: "script-as-text",
  enforce: "pre",
  async load(id) {
    if (!/\.(?:lua|sql)$/.test(id)) return undefined;
    return `export default ${JSON.stringify(await readFile(id, "utf8"))};`;
  },
};

const NODE_ONLY = ["**/node_modules/**", "**/.local/**", "**/*.worker.test.ts"];

export default defineConfig({
  test: {
    // Most tests wait for a store or a process, so that two at once fit on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Of the root: under the Worker's import conditions the stores' own libraries do not load.
    globalSetup: ["./local/testing/global-setup.ts"],
    projects: [
      {
        plugins: [scriptAsText],
        test: {
          name: "node",
          include: ["**/*.test.ts"],
          exclude: NODE_ONLY,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: inject("workerBindings") },
          })),
        ],
        test: {
          name: "workerd",
          include: ["**/*.worker.test.ts"],
          exclude: ["**/node_modules/**", "**/.local/**"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
