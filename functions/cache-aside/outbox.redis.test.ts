import { describe, it } from "vitest";
import { useTestStores } from "../../local/testing/use-stores.ts";
import { writeItem } from "./items.ts";
import type { ItemRef } from "./keys.ts";
import { opOf } from "./op.ts";
import { countPending, drainOutbox } from "./outbox.ts";
import { createFixture, seen } from "./testing/fixture.ts";
import type { Service } from "./testing/service.ts";

const stores = useTestStores();

const { named, isolate, cached } = createFixture("outbox", () => stores);

const pending = (service: Service, { instance }: { readonly instance: string }) =>
  countPending(service.stores().postgres, instance);

describe("a write whose invalidation Redis does not confirm", () => {
  it("says that it is applied, and is invalidated as soon as Redis is back", async ({ expect }) => {
    const { item, service } = await cached("pending");
    stores.redis.faults.add({ target: "main", kind: "refuse" });
    const outcome = await service.put(item, '"w"');
    expect(outcome).toEqual({ kind: "invalidation_pending", version: expect.any(String) });
    expect(await pending(service, item)).toBe(1);
    stores.redis.faults.clear();
    await service.settled();
    expect(await pending(service, item)).toBe(0);
    expect(seen(await isolate().read(item))).toBe('miss "w"');
  });

  it("is invalidated by its repetition before that is acknowledged", async ({ expect }) => {
    const { item } = await cached("repeated");
    const service = isolate();
    stores.redis.faults.add({ target: "main", kind: "drop-request" });
    const put = { idempotencyKey: "k" };
    const first = await service.put(item, '"w"', put);
    expect(first.kind).toBe("invalidation_pending");
    stores.redis.faults.clear();
    const second = await isolate().put(item, '"w"', put);
    expect(second).toMatchObject({ kind: "written", isReplayed: true, invalidation: "confirmed" });
    expect(seen(await isolate().read(item))).toBe('miss "w"');
    await service.settled();
  });

  it("is invalidated by a deletion that finds nothing left to delete", async ({ expect }) => {
    const { item } = await cached("deleted-twice");
    const service = isolate();
    stores.redis.faults.add({ target: "main", kind: "drop-request" });
    expect((await service.remove(item)).kind).toBe("invalidation_pending");
    stores.redis.faults.clear();
    expect(await isolate().remove(item)).toMatchObject({ kind: "deleted", version: null });
    expect(await isolate().read(item)).toMatchObject({ source: "miss", entry: { version: null } });
    await service.settled();
  });

  it("is taken care of by the next writer of another item", async ({ expect }) => {
    const { item } = await cached("opportunistic");
    await leaveInOutbox(item);
    const service = isolate();
    await service.put({ ...item, id: "another" }, "1");
    await service.settled();
    expect(await pending(service, item)).toBe(0);
    expect(seen(await service.read(item))).toBe('miss "w"');
  });

  it("is taken care of by the clock", async ({ expect }) => {
    const { item } = await cached("by-the-clock");
    await leaveInOutbox(item);
    const service = isolate();
    expect(await drainOutbox(service.stores(), item.instance)).toBe(1);
    expect(seen(await service.read(item))).toBe('miss "w"');
    expect(await drainOutbox(service.stores(), item.instance)).toBe(0);
  });

  it("stays in the outbox while Redis does not confirm", async ({ expect }) => {
    const { item } = await cached("stays");
    await leaveInOutbox(item);
    const service = isolate();
    stores.redis.faults.add({ target: "main", kind: "refuse" });
    const drained = drainOutbox(service.stores(), item.instance);
    await expect(drained).rejects.toMatchObject({ dependency: "redis" });
    expect(await pending(service, item)).toBe(1);
    stores.redis.faults.clear();
    await drainOutbox(isolate().stores(), item.instance);
    expect(await pending(service, item)).toBe(0);
  });

  it("stays in the outbox for a newer write that comes while the older one is settled", async ({
    expect,
  }) => {
    const { item, service } = await cached("newer");
    await leaveInOutbox(item);
    const stores = service.stores();
    const query: typeof stores.postgres.query = async (text, parameters) => {
      if (text.includes("unnest")) await leaveInOutbox(item);
      return await stores.postgres.query(text, parameters);
    };
    await drainOutbox({ ...stores, postgres: { query } }, item.instance);
    expect(await pending(service, item)).toBe(1);
    await drainOutbox(stores, item.instance);
    expect(await pending(service, item)).toBe(0);
  });

  it("is drained in batches, however many there are", async ({ expect }) => {
    const service = isolate();
    const { postgres: port } = service.stores(60_000);
    const item = named("many");
    const instance = `${item.instance}-many`;
    await port.query(
      "INSERT INTO items_outbox SELECT $1, 'test', 'item \"' || n || ',\\', n, clock_timestamp() - interval '1 hour' FROM generate_series(1, 250) n",
      [instance],
    );
    expect(await drainOutbox(service.stores(60_000), instance)).toBe(250);
    expect(await countPending(port, instance)).toBe(0);
  });
});

/** A write whose Worker died right after its statement, some seconds ago. */
async function leaveInOutbox(item: ItemRef): Promise<void> {
  const { postgres: port } = isolate().stores();
  const op = opOf({ method: "PUT", idempotencyKey: undefined, body: "" }, () =>
    crypto.randomUUID(),
  );
  const change = { item, value: '"w"', op, condition: { kind: "none" } as const };
  await writeItem(port, change, { timeoutMs: 5_000, expiresAtMs: Date.now() + 5_000 });
  await port.query(
    "UPDATE items_outbox SET queued_at = queued_at - interval '5 seconds' WHERE instance = $1",
    [item.instance],
  );
}
