import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it, onTestFinished } from "vitest";
import { databasesWithReadRegions, redisDatabases, silentDatabases } from "./redis-account.ts";

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("the databases of a deployment", () => {
  it("are the main one, the nodes and the primaries", ({ expect }) => {
    const databases = redisDatabases({
      UPSTASH_REDIS_REST_URL: "https://main.upstash.io",
      UPSTASH_REDIS_REST_TOKEN: "t",
      REDIS_NODES: '[{"id":"a","url":"https://a.upstash.io","token":"t","role":"voter"}]',
      REDIS_SHARDS:
        '[{"id":"s","primary":{"url":"https://s.upstash.io","token":"t"},"replicas":[]}]',
    });
    expect(databases.map(({ name, url }) => `${name} ${url}`)).toEqual([
      "UPSTASH_REDIS_REST_URL https://main.upstash.io",
      "REDIS_NODES a https://a.upstash.io",
      "REDIS_SHARDS s https://s.upstash.io",
    ]);
    expect(redisDatabases({ REDIS_NODES: "{", REDIS_SHARDS: "7" })).toEqual([]);
  });

  it("are asked for an answer with their token, which is never told", async ({ expect }) => {
    const url = await serve((request, response) => {
      const isRight = request.url === "/ping" && request.headers.authorization === "Bearer right";
      response.writeHead(isRight ? 200 : 401).end();
    });
    const problems = await silentDatabases([
      { name: "one", url: `${url}/`, token: "right" },
      { name: "two", url, token: "secret-wrong" },
      { name: "three", url: "http://127.0.0.1:1", token: "secret" },
    ]);
    expect(problems.map(({ what }) => what)).toEqual([
      "two does not answer: HTTP 401",
      "three does not answer: it cannot be reached",
    ]);
    expect(JSON.stringify(problems)).not.toContain("secret");
  });

  it("must have no read regions, but for shards", async ({ expect }) => {
    const apiUrl = await serve((request, response) => {
      const expected = `Basic ${Buffer.from("me@x.org:k").toString("base64")}`;
      if (request.headers.authorization !== expected) response.writeHead(401);
      response.end(
        JSON.stringify([
          { endpoint: "one.upstash.io", read_regions: ["us-east-2"] },
          { endpoint: "two", read_regions: [] },
        ]),
      );
    });
    const databases = [
      { name: "REDIS_NODES a", url: "https://one.upstash.io", token: "t" },
      { name: "REDIS_NODES b", url: "https://two.upstash.io", token: "t" },
      { name: "REDIS_SHARDS s", url: "https://one.upstash.io", token: "t" },
    ];
    const account = { email: "me@x.org", apiKey: "k", apiUrl };
    expect(await databasesWithReadRegions(databases, account)).toMatchObject([
      { what: "REDIS_NODES a has read regions (us-east-2)" },
    ]);
    const wrong = await databasesWithReadRegions(databases, { ...account, apiKey: "x" });
    expect(wrong).toMatchObject([{ what: "the Upstash account answers 401" }]);
  });
});
