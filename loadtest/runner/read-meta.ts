/**
 * Prints the `meta` of each journey given as an argument, as one JSON array. A process of its own, because
 * it replaces k6's modules, which exist only inside k6, by empty ones with the names that are imported.
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "k6" || specifier.startsWith("k6/")
      ? { url: emptyModule(specifier, context.parentURL), shortCircuit: true }
      : next(specifier, context),
});

function emptyModule(specifier: string, importer: string | undefined): string {
  const source = importer === undefined ? "" : readFileSync(fileURLToPath(importer), "utf8");
  const clauses = source.matchAll(/import\s+([^;"]*?)\s+from\s+"([^"]+)"/g);
  const names = [...clauses]
    .filter(([, , from]) => from === specifier)
    .flatMap(([, clause = ""]) => /\{([^}]*)\}/.exec(clause)?.[1]?.split(",") ?? [])
    .map((name) => name.trim().split(/\s+as\s+/)[0] ?? "")
    .filter((name) => name !== "" && !name.startsWith("type "));
  const exported = names.map((name) => `export const ${name} = null;`).join("");
  return `data:text/javascript,${encodeURIComponent(`${exported}export default {};`)}`;
}

Object.assign(globalThis, { __ENV: {} });

const metas: unknown[] = [];
for (const file of process.argv.slice(2)) {
  const journey: { readonly meta?: unknown } = await import(pathToFileURL(file).href);
  metas.push(journey.meta ?? null);
}
process.stdout.write(JSON.stringify(metas));
