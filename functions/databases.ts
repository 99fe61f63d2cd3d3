import type { Config } from "./config.ts";

/** One Redis database of the deployment, by the name that health, faults and log lines use. */
export interface NamedDatabase {
  readonly name: string;
  readonly url: string;
  readonly token: string;
}

/** Every Redis database that is configured: `redis`, `node/…`, `shard/…/primary`, `shard/…/replica/…`. */
export function redisDatabases({ redis, redisNodes, redisShards }: Config): NamedDatabase[] {
  return [
    ...(redis === null ? [] : [{ name: "redis", ...redis }]),
    ...(redisNodes ?? []).map(({ id, url, token }) => ({ name: `node/${id}`, url, token })),
    ...(redisShards ?? []).flatMap(({ id, primary, replicas }) => [
      { name: `shard/${id}/primary`, url: primary.url, token: primary.token },
      ...replicas.map((replica) => ({
        name: `shard/${id}/replica/${replica.id}`,
        url: replica.url,
        token: replica.token,
      })),
    ]),
  ];
}
