import { Hono } from "hono";
import { describe, it } from "vitest";
import type { AppEnv } from "./app-env.ts";
import { problem } from "./problem.ts";

describe("a problem that says when to ask again", () => {
  it("says it to the millisecond in the body, and in seconds never too early", async ({
    expect,
  }) => {
    for (const [retryAfterMs, seconds] of [
      [0, "1"],
      [1_000, "1"],
      [1_001, "2"],
      [1_400, "2"],
    ] as const) {
      const app = new Hono<AppEnv>().get("/", (c) =>
        problem(c, { status: 429, code: "x", title: "X", detail: "X.", retryAfterMs }),
      );
      const reply = await app.request("/");
      expect(await reply.json()).toMatchObject({ retryAfterMs });
      expect([retryAfterMs, reply.headers.get("Retry-After")]).toEqual([retryAfterMs, seconds]);
    }
  });
});
