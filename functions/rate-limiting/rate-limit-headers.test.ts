import { describe, it } from "vitest";
import { parsePolicy } from "./policy.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

const burst = parsePolicy("burst", "1 1 gcra 10 500 10 open");
const daily = parsePolicy("daily", "1 1 gcra 1000 86400000 1000 open");

const passed = { allowed: true, limit: 10, remaining: 3, resetMs: 1_001, retryAfterMs: 0 };
const refused = { allowed: false, limit: 10, remaining: 0, resetMs: 90_000, retryAfterMs: 2_500 };

describe("the headers of a decision", () => {
  it("name each policy with its quota and window, and what is left of it", ({ expect }) => {
    const judged = [
      { policy: burst, verdict: passed },
      { policy: daily, verdict: { ...passed, remaining: 999, resetMs: 0 } },
    ];
    expect(rateLimitHeaders({ kind: "judged", allowed: true, judged })).toEqual({
      "RateLimit-Policy": '"burst";q=10;w=1, "daily";q=1000;w=86400',
      RateLimit: '"burst";r=3;t=2, "daily";r=999;t=0',
    });
  });

  it("say when to come back, never too early and at least a second later", ({ expect }) => {
    const judged = [
      { policy: burst, verdict: { ...refused, retryAfterMs: 1 } },
      { policy: daily, verdict: refused },
    ];
    expect(rateLimitHeaders({ kind: "judged", allowed: false, judged })).toMatchObject({
      RateLimit: '"burst";r=0;t=1, "daily";r=0;t=3',
      "Retry-After": "3",
    });
  });

  it("say that nobody was asked, and nothing of what is left", ({ expect }) => {
    expect(rateLimitHeaders({ kind: "let_pass", policies: [burst] })).toEqual({
      "RateLimit-Policy": '"burst";q=10;w=1',
      "Kv-Limiter": "fail-open",
    });
  });
});
