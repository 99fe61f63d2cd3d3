import { exports } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { createHttpCalls } from "./testing/http-calls.ts";

const KEY = inject("apiKey");
const { call, newName, topicWithGroup } = createHttpCalls(exports.default, KEY);

interface Heard {
  readonly id: string;
  readonly data: {
    readonly payload: unknown;
    readonly deliveries: number;
    readonly receipt: string;
  };
}

/** A connection that is read event by event. */
async function subscribe(topic: string, lastEventId?: string) {
  const path = `http://worker/line-streams/topics/${topic}/groups/g/subscribe?consumer=ann`;
  const reply = await exports.default.fetch(path, {
    headers: {
      Authorization: `Bearer ${KEY}`,
      ...(lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId }),
    },
  });
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const block = async (): Promise<string> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const found = text.slice(0, end);
        text = text.slice(end + 2);
        return found;
      }
      const next = await reader?.read();
      if (next === undefined || next.done) throw new Error("the stream ended");
      text += next.value;
    }
  };
  return {
    reply,
    block,
    async event(): Promise<Heard> {
      for (;;) {
        const lines = (await block()).split("\n");
        const id = lines.find((line) => line.startsWith("id: "))?.slice(4);
        const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
        if (id !== undefined) return { id, data: JSON.parse(data.join("\n")) };
      }
    },
    hangUp: () => reader?.cancel(),
  };
}

async function produce(topic: string, payloads: readonly unknown[]): Promise<void> {
  const messages = payloads.map((payload) => ({ key: "k", payload }));
  await call("POST", `${topic}/messages`, { body: { messages } });
}

describe("a subscription", () => {
  it("hears what is there and what is produced, with receipts that are good", async ({
    expect,
  }) => {
    const topic = await topicWithGroup();
    await produce(topic, ["a"]);
    const { reply, event, hangUp } = await subscribe(topic);
    expect(reply.status).toBe(200);
    expect(reply.headers.get("Content-Type")).toBe("text/event-stream");
    const first = await event();
    expect(first.data).toMatchObject({ payload: "a", deliveries: 1 });
    const waiting = event();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const startedAtMs = performance.now();
    await call("POST", `${topic}/messages`, { body: `{"payload": {"x":\n\r\n1}}` });
    const second = await waiting;
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    expect(second.data.payload).toEqual({ x: 1 });
    const receipts = [first.data.receipt, second.data.receipt];
    const acked = await call("POST", `${topic}/groups/g/ack`, { body: { receipts } });
    expect(acked.body.results).toMatchObject([{ status: "ok" }, { status: "ok" }]);
    await hangUp();
  });

  it("that comes back hears at once what it missed, and only that", async ({ expect }) => {
    const topic = await topicWithGroup({ visibilityMs: 60_000 });
    await produce(topic, ["a", "b", "c"]);
    const first = await subscribe(topic);
    expect((await first.event()).data.payload).toBe("a");
    const last = await first.event();
    expect(last.data.payload).toBe("b");
    await first.hangUp();
    await produce(topic, ["d"]);
    await call("POST", `${topic}/groups/g/poll`, {
      body: { consumer: "ann", max: 1, waitMs: 0 },
    });
    const second = await subscribe(topic, last.id);
    const heard = [await second.event(), await second.event()].map(({ data }) => [
      data.payload,
      data.deliveries,
    ]);
    expect(heard.sort()).toEqual([
      ["c", 2],
      ["d", 2],
    ]);
    await second.hangUp();
  });

  it("hears a heartbeat when nothing happens", async ({ expect }) => {
    const topic = await topicWithGroup();
    const { block, hangUp } = await subscribe(topic);
    expect(await block()).toBe("retry: 1000");
    const startedAtMs = performance.now();
    expect(await block()).toBe(": still here");
    expect(performance.now() - startedAtMs).toBeLessThan(11_000);
    await hangUp();
  });

  it("needs a group, and an id that was heard", async ({ expect }) => {
    const topic = await topicWithGroup();
    const path = `${topic}/groups/g/subscribe?consumer=ann`;
    const headers = { "Last-Event-ID": "nonsense" };
    expect(await call("GET", path, { headers })).toMatchObject({
      status: 400,
      body: { code: "bad_header" },
    });
    expect(await call("GET", `${newName()}/groups/g/subscribe?consumer=ann`)).toMatchObject({
      status: 404,
      body: { code: "no_such_group" },
    });
  });
});
