import { type BenchRow, expectStatus } from "../row.ts";

const ITEMS = 100;
const VALUE = JSON.stringify({ text: "x".repeat(240) });

const itemPath = (runId: string, item: number) => `/cache-aside/items/bench-${runId}-${item}`;

/** Items that were read once before, so that all are cached. */
export const row: BenchRow = {
  id: "cache-hit",
  pattern: "cache-aside",
  title: "read a cached item",
  trips: 1,
  async prepare(call, runId) {
    for (let item = 0; item < ITEMS; item += 1) {
      const path = itemPath(runId, item);
      const headers = { "content-type": "application/json" };
      expectStatus(
        await call({ method: "PUT", path, headers, body: VALUE }),
        [200, 201],
        "writing an item",
      );
      expectStatus(await call({ method: "GET", path }), [200], "reading an item");
    }
  },
  request: (runId, index) => ({ method: "GET", path: itemPath(runId, index % ITEMS) }),
  isRight: ({ status, text }) => status === 200 && text === VALUE,
};
