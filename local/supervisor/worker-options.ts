/**
 * @module
 * A process that exits: writes what `wrangler.toml` says, as Miniflare takes it, to a JSON file.
 *
 * `node worker-options.ts <wrangler.toml> <options.json>`
 */
import { writeFileSync } from "node:fs";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";

const [configPath, outputPath] = process.argv.slice(2);
if (configPath === undefined || outputPath === undefined) {
  throw new Error("usage: worker-options.ts <wrangler.toml> <options.json>");
}

const config = unstable_readConfig({ config: configPath });
const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
// The bundle's modules are listed by name; rules would be applied to them once more.
const { modulesRules: _rules, ...options } = workerOptions;
// `bindings` would hold what a `.dev.vars` of the project says, too: the values of the last stack.
writeFileSync(outputPath, JSON.stringify({ ...options, bindings: config.vars }));
