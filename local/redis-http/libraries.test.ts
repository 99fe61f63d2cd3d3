import { Lock } from "@upstash/lock";
import { Queue } from "@upstash/queue";
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { type Fixture, startFixture } from "./fixture.ts";

/** Libraries that others built on the SDK, as they come. */
describe("libraries over redis-http", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture.stop());
  beforeEach(async () => {
    await fixture.redis.flushall();
  });

  describe("@upstash/lock", () => {
    const lockOf = (id: string) =>
      new Lock({ id, redis: fixture.client(), lease: 10_000, retry: { attempts: 1, delay: 1 } });

    it("is held by one at a time, and free again after release", async ({ expect }) => {
      const first = lockOf("job");
      const second = lockOf("job");
      expect(await first.acquire()).toBe(true);
      expect(await first.getStatus()).toBe("ACQUIRED");
      expect(await second.acquire()).toBe(false);
      expect(await second.release()).toBe(false);
      expect(await first.release()).toBe(true);
      expect(await second.acquire()).toBe(true);
    });

    it("is extended by its holder only", async ({ expect }) => {
      const lock = lockOf("job");
      await lock.acquire();
      expect(await lock.extend(20_000)).toBe(true);
      expect(await fixture.redis.ttl("job")).toBeGreaterThan(20);
      await fixture.redis.set("job", "somebody else");
      expect(await lock.extend(20_000)).toBe(false);
    });
  });

  describe("@upstash/queue, which brings a client of its own from 2024", () => {
    const queueOf = async (visibilityTimeout: number) => {
      const { Redis } = await import("@upstash/redis");
      const redis = new Redis({ url: fixture.url, token: "standard-token" });
      return new Queue({
        redis: redis as unknown as ConstructorParameters<typeof Queue>[0]["redis"],
        queueName: "jobs",
        concurrencyLimit: 5,
        autoVerify: false,
        visibilityTimeout,
      });
    };

    it("hands each message out once, in order, and forgets the verified", async ({ expect }) => {
      const queue = await queueOf(60_000);
      await queue.sendMessage({ n: 1 });
      await queue.sendMessage({ n: 2 });
      const first = await queue.receiveMessage<{ n: number }>();
      const second = await queue.receiveMessage<{ n: number }>();
      expect([first?.body, second?.body]).toEqual([{ n: 1 }, { n: 2 }]);
      expect(await queue.verifyMessage(first?.streamId ?? "")).toBe("VERIFIED");
      expect(await queue.verifyMessage(first?.streamId ?? "")).toBe("NOT VERIFIED");
      expect(await queue.receiveMessage()).toBeNull();
    });

    it("hands a message out again that was not verified in time", async ({ expect }) => {
      const queue = await queueOf(1);
      await queue.sendMessage({ n: 1 });
      const first = await queue.receiveMessage<{ n: number }>();
      await new Promise((resolve) => setTimeout(resolve, 5));
      const again = await queue.receiveMessage<{ n: number }>();
      expect(again).toEqual(first);
    });
  });
});
