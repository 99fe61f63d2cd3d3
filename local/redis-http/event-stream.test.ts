import { afterAll, beforeAll, beforeEach, describe, it, onTestFinished } from "vitest";
import { type Fixture, READ_ONLY_TOKEN, startFixture, TOKEN } from "./fixture.ts";

describe("event streams", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture.stop());
  beforeEach(async () => {
    await fixture.redis.flushall();
  });

  /** Opens a stream; `next` resolves to its next event, `close` aborts it. */
  async function open(path: string, token = TOKEN) {
    const abort = new AbortController();
    const response = await fetch(`${fixture.url}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        accept: "text/event-stream",
        "upstash-encoding": "base64",
      },
      signal: abort.signal,
    });
    const close = () => abort.abort();
    onTestFinished(close);
    let reader: ReadableStreamDefaultReader<string> | undefined;
    let text = "";
    const next = async () => {
      while (!text.includes("\n\n")) {
        reader ??= response.body?.pipeThrough(new TextDecoderStream()).getReader();
        const chunk = await reader?.read();
        if (chunk?.done !== false) throw new Error("the stream has ended");
        text += chunk.value;
      }
      const end = text.indexOf("\n\n");
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      return event;
    };
    return { response, next, close };
  }

  const subscribers = async (channel: string) =>
    (await fixture.redis.pubsub("NUMSUB", channel))[1] as number;

  it("sends headers at once, then the subscription and each message as plain text", async ({
    expect,
  }) => {
    const { response, next } = await open("/subscribe/chat");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await next()).toBe("data: subscribe,chat,1");
    await fixture.command("PUBLISH", "chat", "hello, you");
    expect(await next()).toBe("data: message,chat,hello, you");
    await fixture.ask({ path: "/publish/chat/by%20path" });
    expect(await next()).toBe("data: message,chat,by path");
  });

  it("takes patterns that are not encoded, and several names", async ({ expect }) => {
    const { next } = await open("/psubscribe/user:*/room:[12]");
    expect(await next()).toBe("data: psubscribe,user:*,1");
    expect(await next()).toBe("data: psubscribe,room:[12],2");
    await fixture.command("PUBLISH", "user:1", '{"a":1}');
    expect(await next()).toBe('data: pmessage,user:*,user:1,{"a":1}');
  });

  it("keeps a message of several lines one event", async ({ expect }) => {
    const { next } = await open("/subscribe/chat");
    await next();
    await fixture.redis.publish("chat", "one\ntwo");
    expect(await next()).toBe("data: message,chat,one\ndata: two");
  });

  it("drops the subscription when the client goes", async ({ expect }) => {
    const { next, close } = await open("/subscribe/left");
    await next();
    expect(await subscribers("left")).toBe(1);
    close();
    while ((await subscribers("left")) !== 0);
  });

  it("monitors: what Redis is asked, line by line", async ({ expect }) => {
    const { next } = await open("/monitor");
    expect(await next()).toBe('data: "OK"');
    await fixture.command("SET", "k", 'with "quotes"');
    expect(await next()).toMatch(
      /^data: \d+\.\d+ \[0 127\.0\.0\.1:\d+\] "SET" "k" "with \\"quotes\\""$/,
    );
  });

  it("lets the read-only token subscribe but not monitor", async ({ expect }) => {
    const { next } = await open("/subscribe/chat", READ_ONLY_TOKEN);
    expect(await next()).toBe("data: subscribe,chat,1");
    const { response } = await open("/monitor", READ_ONLY_TOKEN);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/^NOPERM/) });
  });

  it("refuses a stream that could not be read as one", async ({ expect }) => {
    const answer = await fixture.ask({ path: "/subscribe/chat" });
    expect([answer.status, answer.json()]).toEqual([
      400,
      { error: "ERR SUBSCRIBE needs the header Accept: text/event-stream" },
    ]);
    const { response } = await open("/subscribe");
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: "ERR wrong number of arguments for 'subscribe' command" },
    ]);
  });

  it("ends with its Redis", async ({ expect }) => {
    const own = await startFixture();
    onTestFinished(() => own.stop());
    const response = await fetch(`${own.url}/subscribe/chat`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, accept: "text/event-stream" },
    });
    const text = response.text();
    while (((await own.redis.pubsub("NUMSUB", "chat"))[1] as number) === 0);
    own.redis.disconnect();
    await own.server.kill();
    expect(await text).toBe("data: subscribe,chat,1\n\n");
  });

  it("sends headers while its Redis still makes it wait", async ({ expect }) => {
    const own = await startFixture();
    onTestFinished(() => own.stop());
    process.kill(own.server.pid, "SIGSTOP");
    const abort = new AbortController();
    const response = await fetch(`${own.url}/subscribe/chat`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, accept: "text/event-stream" },
      signal: abort.signal,
    });
    expect(response.status).toBe(200);
    process.kill(own.server.pid, "SIGCONT");
    abort.abort();
  });

  it("serves the SDK's subscribers", async ({ expect }) => {
    const subscriber = fixture.client().subscribe<{ n: number }>("sdk");
    const patterns = fixture.client().psubscribe<{ n: number }>("sd*");
    onTestFinished(() => subscriber.unsubscribe());
    onTestFinished(() => patterns.unsubscribe());
    const message = new Promise((resolve) => subscriber.on("message", resolve));
    const matched = new Promise((resolve) => patterns.on("pmessage", resolve));
    while ((await subscribers("sdk")) === 0);
    while (Number(await fixture.redis.call("PUBSUB", "NUMPAT")) === 0);
    await fixture.client().publish("sdk", { n: 1 });
    expect(await message).toEqual({ channel: "sdk", message: { n: 1 } });
    expect(await matched).toEqual({ pattern: "sd*", channel: "sdk", message: { n: 1 } });
    await subscriber.unsubscribe(["sdk"]);
    while ((await subscribers("sdk")) !== 0);
  });
});
