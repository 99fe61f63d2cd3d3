/** @module What a person reads once the stack serves: what runs where, a call that works, how to stop. */
import { relative } from "node:path";
import type { StackFile, StackRedis } from "../stack-file.ts";

export function stackSummary(told: {
  readonly file: StackFile;
  readonly root: string;
  readonly dataDir: string;
  readonly tookMs: number;
}): string {
  const { file, root, dataDir, tookMs } = told;
  const { main, nodes, shards } = file.redis;
  const pairs = shards.flatMap(({ primary, replicas }) => [primary, ...replicas]);
  const folder = relative(root, dataDir);
  const rows: readonly (readonly [string, string])[] = [
    ["Worker", file.url],
    ["Redis", `${main.id}  ${main.url}  (RESP ${main.port})`],
    ...range("", nodes),
    ...range("", pairs),
    ["Postgres", `${withoutPassword(file.postgres.url)}  (HTTP ${file.postgres.sqlUrl})`],
    ["Faults", file.faults.url],
    ["Data", folder.startsWith("..") || folder === "" ? dataDir : folder],
    ["API key", file.key],
    ["Try", `curl -H "Authorization: Bearer ${file.key}" ${file.url}/cache-aside/stats`],
    ["Stop", "Ctrl-C"],
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(10)}${value}`);
  return `ready after ${(tookMs / 1000).toFixed(1)} s\n\n${lines.join("\n")}\n`;
}

/** One line for servers with consecutive ports. */
function range(
  name: string,
  servers: readonly StackRedis[],
): readonly (readonly [string, string])[] {
  const first = servers[0];
  const last = servers.at(-1);
  if (first === undefined || last === undefined) return [];
  const lastHttpPort = new URL(last.url).port;
  return [
    [
      name,
      `${first.id} … ${last.id}  ${first.url} … ${lastHttpPort}  (RESP ${first.port} … ${last.port})`,
    ],
  ];
}

function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]*@/, "@");
}
