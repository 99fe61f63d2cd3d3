import type { BenchRow } from "../row.ts";
import { ackRequest, createGroup, createTopic, pollRequest, produceRequest } from "../topic.ts";

/** What is polled must have been produced: so a message is produced, polled and acknowledged, in turn. */
export const row: BenchRow = {
  id: "stream-poll-ack",
  pattern: "line-streams",
  title: "produce, poll, acknowledge",
  trips: 1,
  async prepare(call, runId) {
    await createTopic(call, runId);
    await createGroup(call, runId);
  },
  request: produceRequest,
  next(runId, index, { status, text }) {
    if (status === 201) return pollRequest(runId, index);
    return text.startsWith('{"messages":') ? ackRequest(runId, text) : null;
  },
  isRight({ status, text }) {
    if (status === 201) return text.startsWith('{"id":');
    return status === 200 && /^\{"(messages|results)":\[\{/.test(text);
  },
};
