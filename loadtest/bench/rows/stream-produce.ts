import type { BenchRow } from "../row.ts";
import { createTopic, produceRequest } from "../topic.ts";

export const row: BenchRow = {
  id: "stream-produce",
  pattern: "line-streams",
  title: "produce a message",
  trips: 1,
  async prepare(call, runId) {
    await createTopic(call, runId);
    await call(produceRequest(runId, 0));
  },
  request: produceRequest,
  isRight({ status, text }) {
    const body: { readonly id?: unknown } = JSON.parse(text);
    return status === 201 && typeof body.id === "string";
  },
};
