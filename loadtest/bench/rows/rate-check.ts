import { type BenchRow, expectStatus } from "../row.ts";

const CALLERS = 1_000;

/** Every check passes: the limit is out of reach. */
export const row: BenchRow = {
  id: "rate-check",
  pattern: "rate-limiting",
  title: "check a gcra policy",
  trips: 1,
  async prepare(call, runId) {
    const body = { algorithm: "gcra", limit: 1_000_000, windowMs: 1_000, onError: "closed" };
    const put = await call({
      method: "PUT",
      path: `/rate-limiting/policies/bench-${runId}`,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expectStatus(put, [200, 201], "putting the policy");
  },
  request: (runId, index) => ({
    method: "POST",
    path: `/rate-limiting/policies/bench-${runId}/check`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key: `caller ${index % CALLERS}` }),
  }),
  isRight({ status, text }) {
    const body: { readonly allowed?: unknown } = JSON.parse(text);
    return status === 200 && body.allowed === true;
  },
};
