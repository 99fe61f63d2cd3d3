import type { PostgresPort } from "../../../shared/postgres/port.ts";
import { OPS_MAX } from "../items.ts";
import type { ItemRef } from "../keys.ts";
import type { Found } from "../read.ts";
import { itemsOf } from "./names.ts";
import { createService, type Service, type ServiceOptions } from "./service.ts";

/** What a test needs to know of the stores it has started. */
export interface CountingStores {
  readonly redis: {
    readonly url: string;
    readonly token: string;
    readonly http: { counters(): Readonly<Record<string, { readonly requests: number }>> };
  };
  readonly postgres: {
    readonly databaseUrl: string;
    readonly http: { counters(): { readonly requests: number } };
  };
}

export interface Prepared {
  readonly item: ItemRef;
  /** The isolate that prepared it. */
  readonly service: Service;
}

/** Items in known states, and what the stores are asked. `stores` is called once they run. */
export function createFixture(name: string, stores: () => CountingStores) {
  const named = itemsOf(name);

  /** An isolate of its own, so that no breaker remembers another test. */
  const isolate = (options?: ServiceOptions) => {
    const { redis, postgres } = stores();
    return createService({ redis, databaseUrl: postgres.databaseUrl }, options);
  };

  const written = async (id: string, value = '"v"'): Promise<Prepared> => {
    const item = named(id);
    const service = isolate();
    await service.put(item, value);
    await service.settled();
    return { item, service };
  };

  const cached = async (id: string): Promise<Prepared> => {
    const { item, service } = await written(id);
    await service.read(item);
    await service.settled();
    return { item, service };
  };

  const requests = () => {
    const { redis, postgres } = stores();
    return {
      redis: redis.http.counters()["main"]?.requests ?? 0,
      postgres: postgres.http.counters().requests,
    };
  };

  /** How many requests the stores got while `work` ran, and with the work after its reply. */
  const asked = async (service: Service, work: () => Promise<unknown>) => {
    const before = requests();
    await work();
    const atReply = requests();
    await service.settled();
    const atRest = requests();
    const since = (now: typeof before) => ({
      redis: now.redis - before.redis,
      postgres: now.postgres - before.postgres,
    });
    return { inReply: since(atReply), inAll: since(atRest) };
  };

  return { named, isolate, written, cached, asked };
}

/** Makes an item know as many unexpired writes as it can. */
export async function crowdWithOps(postgres: PostgresPort, item: ItemRef): Promise<void> {
  const op = "jsonb_build_object('u', $4::bigint, 'b', '', 'k', 'written', 'v', 1, 'c', false)";
  await postgres.query(
    `UPDATE items SET ops = (SELECT jsonb_object_agg('op ' || n, ${op}) FROM generate_series(1, $5::int) n)
     WHERE instance = $1 AND tenant = $2 AND id = $3`,
    [item.instance, item.tenant, item.id, Date.now() + 60_000, OPS_MAX],
  );
}

/** Where a read got its value from, and the value: `hit "v"`; or why it got none. */
export function seen(found: Found): string {
  return found.kind === "item" ? `${found.source} ${found.entry.value}` : found.kind;
}
