import { describe, it } from "vitest";
import { useTestStores } from "../../local/testing/use-stores.ts";
import { TOO_MANY_OPS } from "./items.ts";
import { countPending } from "./outbox.ts";
import { createFixture, crowdWithOps, seen } from "./testing/fixture.ts";
import type { Service } from "./testing/service.ts";

const stores = useTestStores();

const { named, isolate, written, cached, asked } = createFixture("write", () => stores);

const pending = (service: Service, { instance }: { readonly instance: string }) =>
  countPending(service.stores().postgres, instance);

describe("a write", () => {
  it("is seen by the next read, whatever was cached", async ({ expect }) => {
    const { item, service } = await cached("seen");
    expect(await service.put(item, '"w"')).toMatchObject({
      kind: "written",
      isCreated: false,
      isReplayed: false,
      invalidation: "confirmed",
    });
    expect(seen(await service.read(item))).toBe('miss "w"');
    await service.remove(item);
    expect(await service.read(item)).toMatchObject({ entry: { version: null } });
  });

  it("costs one trip to Postgres and one to Redis, and one to Postgres after the reply", async ({
    expect,
  }) => {
    const { item, service } = await cached("trips");
    const put = await asked(service, () => service.put(item, '"w"'));
    expect(put.inReply.redis).toBe(1);
    expect(put.inAll).toEqual({ redis: 1, postgres: 2 });
    const removed = await asked(service, () => service.remove(item));
    expect(removed.inAll).toEqual({ redis: 1, postgres: 2 });
  });

  it("leaves nothing in the outbox once Redis has confirmed", async ({ expect }) => {
    const { item, service } = await cached("confirmed");
    await service.put(item, '"w"');
    await service.settled();
    expect(await pending(service, item)).toBe(0);
    expect(service.failures).toEqual([]);
  });

  it("that is refused costs one trip and changes nothing", async ({ expect }) => {
    const { item, service } = await cached("refused");
    const refused = await asked(service, async () => {
      const condition = { kind: "absent" } as const;
      expect(await service.put(item, '"w"', { condition })).toMatchObject({ kind: "refused" });
    });
    expect(refused.inAll).toEqual({ redis: 0, postgres: 1 });
    expect(seen(await service.read(item))).toBe('hit "v"');
  });

  it("that may answer before the invalidation says so, and invalidates after its reply", async ({
    expect,
  }) => {
    const { item, service } = await cached("async");
    const put = await asked(service, async () => {
      const outcome = await service.put(item, '"w"', { invalidation: "async" });
      expect(outcome).toMatchObject({ kind: "written", invalidation: "pending" });
    });
    expect(put.inAll).toEqual({ redis: 1, postgres: 2 });
    expect(seen(await service.read(item))).toBe('miss "w"');
  });
});

describe("a write in a network that fails", () => {
  it("is applied once when its answer is lost, and told as applied", async ({ expect }) => {
    const { item, service } = await written("answer-lost");
    const before = await countVersions(service);
    for (const put of [{}, { idempotencyKey: "k" }]) {
      stores.postgres.faults.add({ target: "postgres", kind: "drop-response", count: 1 });
      const outcome = await service.put(item, '"w"', put);
      // Its own answer, not that of an earlier request.
      expect(outcome).toMatchObject({ kind: "written", isReplayed: false });
    }
    expect(await countVersions(service)).toBe(before + 3);
  });

  it("keeps its condition when its answer is lost: no false refusal", async ({ expect }) => {
    const item = named("condition");
    const service = isolate();
    await service.read(item);
    const condition = { kind: "absent" } as const;
    stores.postgres.faults.add({ target: "postgres", kind: "drop-response", count: 1 });
    expect(await service.put(item, "1", { condition })).toMatchObject({
      kind: "written",
      isCreated: true,
    });
    stores.postgres.faults.add({ target: "postgres", kind: "drop-response", count: 1 });
    expect((await service.put(item, "2", { condition })).kind).toBe("refused");
    expect(seen(await service.read(item))).toBe("miss 1");
  });

  it("changes nothing when a second copy of it arrives after a newer write", async ({ expect }) => {
    const { item, service } = await written("duplicate");
    stores.postgres.faults.add({
      target: "postgres",
      kind: "duplicate",
      delayMs: 300,
      count: 1,
      command: "SELECT",
    });
    await service.put(item, '"older"');
    await service.put(item, '"newer"');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(seen(await service.read(item))).toBe('miss "newer"');
  });

  it("changes nothing when it is delayed past its expiry, and is told as unknown only then", async ({
    expect,
  }) => {
    const { item } = await written("delayed");
    const service = isolate();
    stores.postgres.faults.add({ target: "postgres", kind: "delay", delayMs: 1_200 });
    const startedMs = Date.now();
    const late = service.put(item, '"late"', { deadlineMs: 900 });
    await expect(late).rejects.toMatchObject({ dependency: "postgres", outcome: "unknown" });
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(790);
    stores.postgres.faults.clear();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await service.settled();
    expect(seen(await isolate().read(item))).toBe('miss "v"');
  });

  it("is told as not applied when it never left", async ({ expect }) => {
    const { item } = await written("never-left");
    const service = isolate();
    stores.postgres.faults.add({ target: "postgres", kind: "drop-request" });
    for (let n = 0; n < 2; n += 1) {
      await expect(service.put(item, '"w"', { deadlineMs: 400 })).rejects.toMatchObject({
        dependency: "postgres",
      });
    }
    await expect(service.put(item, '"w"')).rejects.toMatchObject({
      fault: "circuit_open",
      outcome: "not_applied",
    });
  });

  it("is right from a Worker whose clock is an hour off, either way", async ({ expect }) => {
    const item = named("clock");
    for (const offMs of [3_600_000, -3_600_000]) {
      const service = isolate({ clock: () => Date.now() + offMs });
      expect(await service.put(item, String(offMs))).toMatchObject({ kind: "written" });
      expect(seen(await service.read(item))).toBe(`miss ${offMs}`);
      await service.settled();
    }
  });

  it("waits when an item has too many writes under way, and says so at its deadline", async ({
    expect,
  }) => {
    const { item, service } = await written("too-many");
    await crowdWithOps(service.stores().postgres, item);
    await expect(service.put(item, "64", { deadlineMs: 1_000 })).rejects.toMatchObject({
      storeCode: TOO_MANY_OPS,
      outcome: "not_applied",
    });
  });
});

/** How often anything was written. */
async function countVersions(service: Service): Promise<number> {
  const { postgres: port } = service.stores();
  const [row] = await port.query("SELECT nextval('items_version') AS version", []);
  return Number(row?.["version"]);
}
