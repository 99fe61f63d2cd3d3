import { exports } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { checkDeclared } from "../http/testing/declared.ts";
import { leaderboardRoutes } from "./routes.ts";

const KEY = inject("apiKey");

let boards = 0;

const newName = () => {
  boards += 1;
  return `worker-test-${Date.now()}-${boards}`;
};

interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** Sends it, and sees to it that the reply is one that the endpoint declares. */
async function call(method: string, path: string, { body, headers = {} }: CallOptions = {}) {
  const reply = await exports.default.fetch(`http://worker/leaderboard/boards/${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${KEY}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await reply.text();
  const said = text === "" ? null : JSON.parse(text);
  const exchange = { method, path: `/boards/${path}`, status: reply.status, body: said };
  checkDeclared(leaderboardRoutes.routes, exchange);
  return { status: reply.status, body: said, headers: reply.headers };
}

const DEFINITION = { order: "desc", mode: "best", tie: "member" };

async function newBoard(definition: object = {}): Promise<string> {
  const board = newName();
  await call("PUT", board, { body: { ...DEFINITION, ...definition } });
  return board;
}

describe("boards over HTTP", () => {
  it("are created once, and again the same, and never another way", async ({ expect }) => {
    const board = newName();
    const body = { ...DEFINITION, windows: ["weekly", "daily"], rankMode: "competition" };
    const created = await call("PUT", board, { body });
    expect(created.status).toBe(201);
    expect(created.body).toEqual({
      board,
      ...body,
      windows: ["daily", "weekly"],
      revision: expect.any(String),
      createdAt: expect.any(Number),
    });
    expect(await call("PUT", board, { body })).toMatchObject({ status: 200, body: created.body });
    expect(await call("GET", board)).toMatchObject({ status: 200, body: created.body });
    const other = await call("PUT", board, { body: { ...body, tie: "latest", windows: [] } });
    expect(other).toMatchObject({
      status: 409,
      body: {
        code: "board_differs",
        outcome: "not_applied",
        errors: [
          { at: "body.tie", message: 'is "member" on the board' },
          { at: "body.windows", message: 'is ["daily","weekly"] on the board' },
        ],
      },
    });
  });

  it("are reset and deleted by who may", async ({ expect }) => {
    const board = await newBoard();
    await call("POST", `${board}/scores`, { body: { member: "ann", score: 1 } });
    expect(await call("POST", `${board}/reset`)).toMatchObject({
      status: 200,
      body: { removed: 1 },
    });
    expect(await call("DELETE", board)).toMatchObject({ status: 204, body: null });
    expect(await call("DELETE", board)).toMatchObject({ status: 204 });
    const gone = await call("POST", `${board}/reset`);
    expect(gone).toMatchObject({ status: 404, body: { code: "no_such_board" } });
    expect(await call("GET", board)).toMatchObject({ status: 404 });
  });
});

describe("scores over HTTP", () => {
  it("are submitted one by one and in batches", async ({ expect }) => {
    const board = await newBoard();
    const one = await call("POST", `${board}/scores`, { body: { member: "ann", score: 5 } });
    expect(one).toMatchObject({
      status: 200,
      body: { applied: true, previous: null, score: 5, rank: 1, total: 1 },
    });
    expect(one.headers.get("Kv-Cost")).toBe("trips=1, requests=1");
    const scores = [
      { member: "bob", score: 9 },
      { member: "ann", score: 3 },
    ];
    const batch = await call("POST", `${board}/scores/batch`, { body: { scores } });
    expect(batch.body).toEqual({
      results: [
        { applied: true, previous: null, score: 9, rank: 1, total: 2 },
        { applied: false, previous: 5, score: 5, rank: 2, total: 2 },
      ],
    });
  });

  it("are answered again under their idempotency key", async ({ expect }) => {
    const board = await newBoard({ mode: "increment" });
    const post = (score: number, key: string) =>
      call("POST", `${board}/scores`, {
        body: { member: "ann", score },
        headers: { "Idempotency-Key": key },
      });
    const first = await post(5, "key");
    expect(first.headers.has("Idempotency-Replayed")).toBe(false);
    const replay = await post(5, "key");
    expect(replay).toMatchObject({ status: 200, body: first.body });
    expect(replay.headers.get("Idempotency-Replayed")).toBe("true");
    expect(await post(6, "key")).toMatchObject({
      status: 422,
      body: { code: "idempotency_mismatch", outcome: "not_applied" },
    });
    await post(2 ** 53 - 1, "refused");
    const refusedAgain = await post(2 ** 53 - 1, "refused");
    expect(refusedAgain).toMatchObject({ status: 422, body: { code: "score_range" } });
    expect(refusedAgain.headers.get("Idempotency-Replayed")).toBe("true");
    expect(await post(5, "x".repeat(128))).toMatchObject({ status: 200, body: { score: 10 } });
    expect(await post(5, "x".repeat(129))).toMatchObject({
      status: 400,
      body: { code: "bad_header" },
    });
  });

  it("are refused with a precise reason, and nothing changes", async ({ expect }) => {
    const board = await newBoard({ mode: "increment" });
    await call("POST", `${board}/scores`, { body: { member: "ann", score: 1 } });
    const refusals: [unknown, number, string, string?][] = [
      ["{", 400, "malformed_json"],
      [[], 400, "bad_body"],
      [{ member: "ann" }, 400, "bad_body", "body.score"],
      [{ member: "ann", score: "1" }, 400, "bad_body", "body.score"],
      [{ member: "ann", score: null }, 400, "bad_body", "body.score"],
      [{ member: "ann", score: 1, extra: 1 }, 400, "bad_body"],
      [{ member: "a b", score: 1 }, 400, "bad_name", "body.member"],
      [{ member: "", score: 1 }, 400, "bad_name", "body.member"],
      [{ member: "..", score: 1 }, 400, "bad_name", "body.member"],
      [{ member: "m".repeat(129), score: 1 }, 400, "bad_name", "body.member"],
      ['{"member":"ann","score":1e400}', 422, "score_range", "body.score"],
      ['{"member":"ann","score":9007199254740992}', 422, "score_range", "body.score"],
      ['{"member":"ann","score":-9007199254740992}', 422, "score_range", "body.score"],
      ['{"member":"ann","score":0.5}', 422, "score_range", "body.score"],
      ['{"member":"ann","score":9007199254740990.5}', 422, "score_range", "body.score"],
      ['{"member":"ann","score":1e-400}', 422, "score_range", "body.score"],
      ['{"member":"ann","score":9007199254740991}', 422, "score_range", "body.score"],
      [{ member: "ann", score: 1, metadata: "x".repeat(1023) }, 413, "too_large", "body.metadata"],
      ['{"member":"ann","score":1,"metadata":1e999}', 400, "bad_body", "body.metadata"],
    ];
    for (const [body, status, code, at] of refusals) {
      const refused = await call("POST", `${board}/scores`, { body });
      const shown = JSON.stringify(body);
      expect(refused.status, shown).toBe(status);
      expect(refused.body, shown).toMatchObject({ code, status });
      expect(refused.headers.get("Content-Type"), shown).toBe("application/problem+json");
      if (at !== undefined) expect(refused.body.errors[0].at, shown).toBe(at);
    }
    const batch = {
      scores: [
        { member: "bob", score: 1 },
        { member: "ann", score: 2 ** 53 },
      ],
    };
    const refused = await call("POST", `${board}/scores/batch`, { body: batch });
    expect(refused.body).toMatchObject({
      errors: [{ at: "body.scores.1.score" }],
      outcome: "not_applied",
    });
    expect((await call("GET", `${board}/top`)).body).toEqual({
      entries: [{ rank: 1, member: "ann", score: 1 }],
      total: 1,
      cursor: null,
    });
  });

  it("come at most a hundred at a time, with names and metadata up to their bounds", async ({
    expect,
  }) => {
    const board = await newBoard();
    const scores = (size: number) => ({
      scores: Array.from({ length: size }, (_, i) => ({ member: `m${i}`, score: i })),
    });
    const batch = (size: number) => call("POST", `${board}/scores/batch`, { body: scores(size) });
    expect((await batch(100)).body.results.length).toBe(100);
    expect(await batch(101)).toMatchObject({ status: 400, body: { code: "bad_body" } });
    expect(await batch(0)).toMatchObject({ status: 400 });
    const longest = { member: "m".repeat(128), score: 999, metadata: "x".repeat(1022) };
    expect((await call("POST", `${board}/scores`, { body: longest })).status).toBe(200);
    const [entry] = (await call("GET", `${board}/top?limit=1`)).body.entries;
    expect(entry).toEqual({ rank: 1, ...longest });
  });
});

describe("rankings over HTTP", () => {
  it("are read by page, by position, by member and around one", async ({ expect }) => {
    const board = await newBoard({ windows: ["daily"] });
    const scores = [..."abcdefg"].map((member, i) => ({ member, score: 100 - i }));
    await call("POST", `${board}/scores/batch`, { body: { scores } });
    const entries = scores.map((score, i) => ({ rank: i + 1, ...score }));
    const first = (await call("GET", `${board}/top?limit=3`)).body;
    expect(first).toEqual({ entries: entries.slice(0, 3), total: 7, cursor: expect.any(String) });
    const rest = await call("GET", `${board}/top?cursor=${first.cursor}&limit=1000`);
    expect(rest.body).toEqual({ entries: entries.slice(3), total: 7, cursor: null });
    const range = await call("GET", `${board}/range?from=2&to=3&window=daily`);
    expect(range.body).toEqual({ entries: entries.slice(1, 3), total: 7 });
    const rank = await call("GET", `${board}/members/c`);
    expect(rank.body).toEqual({ rank: 3, member: "c", score: 98, total: 7 });
    const around = await call("GET", `${board}/members/a/around?radius=1`);
    expect(around.body).toEqual({ entries: entries.slice(0, 3), total: 7 });
    const ranks = await call("POST", `${board}/members/ranks`, { body: { members: ["g", "x"] } });
    expect(ranks.body).toEqual({
      entries: [
        { member: "g", rank: 7, score: 94 },
        { member: "x", rank: null, score: null },
      ],
    });
  });

  it("have defaults, and bounds that are told apart from them", async ({ expect }) => {
    const board = await newBoard({ windows: ["daily"] });
    const query: [string, number, string?][] = [
      ["top?limit=1", 200],
      ["top?limit=1000", 200],
      ["top?limit=0", 400, "query.limit"],
      ["top?limit=1001", 400, "query.limit"],
      ["top?limit=x", 400, "query.limit"],
      ["top?limit=1&limit=2", 400, "query.limit"],
      ["top?page=2", 400, "query"],
      ["top?cursor=nonsense", 400, "query.cursor"],
      ["top?window=yearly", 400, "query.window"],
      ["top?window=daily&period=previous", 200],
      ["top?period=previous", 400, "query.period"],
      ["top?window=weekly", 422],
      ["range", 200],
      ["range?from=901", 200],
      ["range?from=1&to=1000", 200],
      ["range?from=1&to=1001", 400, "query.to"],
      ["range?from=5&to=4", 400, "query.to"],
      ["range?from=0", 400, "query.from"],
      ["members/ann/around?radius=0", 404],
      ["members/ann/around?radius=499", 404],
      ["members/ann/around?radius=500", 400, "query.radius"],
      ["members/ann/around?radius=-1", 400, "query.radius"],
      ["members/a%20b", 400, "path.member"],
    ];
    for (const [path, status, at] of query) {
      const reply = await call("GET", `${board}/${path}`);
      expect(reply.status, path).toBe(status);
      if (at !== undefined) expect(reply.body.errors[0].at, path).toBe(at);
    }
    const ranks = (size: number) =>
      call("POST", `${board}/members/ranks`, {
        body: { members: Array.from({ length: size }, (_, i) => `m${i}`) },
      });
    expect((await ranks(100)).status).toBe(200);
    expect((await ranks(101)).status).toBe(400);
  });

  it("say which of board, member and window is missing", async ({ expect }) => {
    const board = await newBoard();
    const codeOf = async (path: string) => (await call("GET", path)).body.code;
    expect(await codeOf(`${board}/members/nobody`)).toBe("no_such_member");
    expect(await codeOf(`${board}/members/nobody/around`)).toBe("no_such_member");
    expect(await codeOf(`${newName()}/members/nobody`)).toBe("no_such_board");
    expect(await codeOf(`${newName()}/top`)).toBe("no_such_board");
    expect(await codeOf(`${board}/top?window=daily`)).toBe("no_such_window");
  });

  it("forget a member that was removed", async ({ expect }) => {
    const board = await newBoard();
    await call("POST", `${board}/scores`, {
      body: { member: "ann", score: 1, metadata: { a: 1 } },
    });
    expect((await call("DELETE", `${board}/members/ann`)).status).toBe(204);
    expect((await call("GET", `${board}/members/ann`)).status).toBe(404);
    expect((await call("DELETE", `${newName()}/members/ann`)).body).toMatchObject({
      code: "no_such_board",
      outcome: "not_applied",
    });
  });
});
