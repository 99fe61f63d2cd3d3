import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { type Answer, type Fixture, startFixture } from "./fixture.ts";

const MIB = 1024 * 1024;

/** Every byte, in an order that is no valid UTF-8. */
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, index) => index);

/** 1 MiB without a pattern that compression or a character decoder could hide behind. */
function noise(sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes);
  let state = 1;
  for (let index = 0; index < sizeBytes; index += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

const VALUES: readonly [string, Uint8Array<ArrayBuffer>][] = [
  ["an empty value", new Uint8Array()],
  ["every byte", EVERY_BYTE],
  [
    "CR, LF, NUL and what looks like RESP",
    new Uint8Array(Buffer.from("\r\n\0$3\r\nfoo\r\n*-1\r\n")),
  ],
  ["1 MiB of bytes", noise(MIB)],
  [
    "more than one packet ending in the middle of a character",
    new Uint8Array(Buffer.from("€".repeat(50_000))),
  ],
];

describe("values through redis-http", () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await startFixture();
  });
  afterAll(() => fixture.stop());
  beforeEach(async () => {
    await fixture.redis.flushall();
  });

  const BASE64 = { "upstash-encoding": "base64" };
  const RESP2 = { "upstash-response-format": "resp2" };
  const decoded = (answer: Answer) =>
    Buffer.from((answer.json() as { result: string }).result, "base64");
  const bytesOf = async (path: string, init: RequestInit) => {
    const headers = { authorization: "Bearer standard-token", ...RESP2 };
    const response = await fetch(`${fixture.url}${path}`, { ...init, headers });
    return Buffer.from(await response.arrayBuffer());
  };

  for (const [name, value] of VALUES) {
    const expected = Buffer.from(value);
    // A stored value is compared as a whole: toEqual on 1 MiB of bytes takes seconds.
    const isExpected = (bytes: Buffer | null) => bytes?.equals(expected) ?? false;

    it(`writes ${name} from a body, and reads it back in base64, alone and in batches`, async ({
      expect,
    }) => {
      if (value.length > 0) await fixture.ask({ path: "/set/k", body: value });
      else await fixture.command("SET", "k", "");
      expect(isExpected(await fixture.redis.getBuffer("k"))).toBe(true);
      const get = JSON.stringify([["GET", "k"]]);
      const single = await fixture.ask({ body: '["GET","k"]', headers: BASE64 });
      expect(isExpected(decoded(single))).toBe(true);
      const byPath = await fixture.ask({ method: "GET", path: "/get/k", headers: BASE64 });
      expect(isExpected(decoded(byPath))).toBe(true);
      for (const path of ["/pipeline", "/multi-exec"]) {
        const batch = await fixture.ask({ path, body: get, headers: BASE64 });
        const [slot] = batch.json() as [{ result: string }];
        expect(isExpected(Buffer.from(slot.result, "base64"))).toBe(true);
      }
      const nested = await fixture.ask({ body: '["MGET","none","k"]', headers: BASE64 });
      const [, item = ""] = (nested.json() as { result: (string | null)[] }).result;
      expect(isExpected(Buffer.from(item ?? "", "base64"))).toBe(true);
    });

    it(`reads ${name} as RESP2 bytes`, async ({ expect }) => {
      await fixture.redis.set("k", expected);
      const head = Buffer.from(`$${expected.length}\r\n`);
      const frame = Buffer.concat([head, expected, Buffer.from("\r\n")]);
      const single = await bytesOf("/get/k", { method: "GET" });
      expect(single.equals(frame)).toBe(true);
      const body = JSON.stringify([["GET", "k"], ["PING"], ["GET", "k"]]);
      const batch = await bytesOf("/pipeline", { method: "POST", body });
      expect(batch.equals(Buffer.concat([frame, Buffer.from("+PONG\r\n"), frame]))).toBe(true);
    });
  }

  it("takes any byte from a percent-encoded path, and an empty segment as an empty value", async ({
    expect,
  }) => {
    const encoded = [...EVERY_BYTE].map((byte) => `%${byte.toString(16).padStart(2, "0")}`);
    await fixture.ask({ method: "GET", path: `/set/${encoded.join("")}/${encoded.join("")}` });
    expect(await fixture.redis.getBuffer(Buffer.from(EVERY_BYTE))).toEqual(Buffer.from(EVERY_BYTE));
    await fixture.ask({ method: "GET", path: "/set/empty/" });
    expect(await fixture.redis.get("empty")).toBe("");
  });

  it("takes any character of a JSON string, and 1 MiB of them, through the SDK", async ({
    expect,
  }) => {
    const client = fixture.client();
    const text = `\u0000\u001f"\\/ä€𝄞\u2028${"x".repeat(MIB)}`;
    await client.set("k", text);
    expect((await client.get("k")) === text).toBe(true);
    const [, back] = await client.pipeline().set("p", text).get("p").exec<[string, string]>();
    expect(back === text).toBe(true);
    const [, again] = await client.multi().set("m", text).get("m").exec<[string, string]>();
    expect(again === text).toBe(true);
    expect((await client.eval("return ARGV[1]", [], [text])) === text).toBe(true);
    await client.set("empty", "");
    expect(await client.get("empty")).toBe("");
  });

  it("refuses a JSON body that is no UTF-8 instead of storing something else", async ({
    expect,
  }) => {
    const body = new Uint8Array([...Buffer.from('["SET","k","'), 0xff, ...Buffer.from('"]')]);
    const answer = await fixture.ask({ body });
    expect([answer.status, answer.json()]).toEqual([
      400,
      { error: "ERR failed to parse command: the body is not UTF-8" },
    ]);
    expect(await fixture.redis.exists("k")).toBe(0);
  });

  it("bounds a body of unknown length too", async ({ expect }) => {
    const chunk = new Uint8Array(MIB);
    let chunks = 0;
    const body = new ReadableStream({
      pull(controller) {
        chunks += 1;
        if (chunks <= 11) controller.enqueue(chunk);
        else controller.close();
      },
    });
    const response = await fetch(`${fixture.url}/set/k`, {
      method: "POST",
      headers: { authorization: "Bearer standard-token" },
      body,
      duplex: "half",
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({
      error: expect.stringMatching(/^ERR max request size exceeded\. Limit: 10485760 bytes/),
    });
    expect(await fixture.redis.exists("k")).toBe(0);
  });
});
