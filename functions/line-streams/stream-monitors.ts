/**
 * @module
 * The Monitor over Durable Objects, one a topic.
 */
import type { StreamMonitor } from "../../durable-objects/stream-monitor/stream-monitor.ts";
import type { StreamSpace } from "../../shared/streams/keys.ts";
import { NotConfigured } from "../http/not-configured.ts";
import { callObject, type ObjectCallScope } from "../object-call.ts";
import type { Monitor } from "./monitor.ts";

export type StreamMonitorStub = Pick<
  DurableObjectStub<StreamMonitor>,
  "register" | "next" | "done" | "appended" | "due" | "watch"
>;

/** A way to a fresh stub by the object's name (one that threw may stay broken). */
export type StreamMonitors = (name: string) => StreamMonitorStub;

/** Bound of one call that does not wait. */
const CALL_MS = 1_000;
/** Beyond what a call waits, for its answer to arrive. */
const ANSWER_MS = 1_000;

const NOT_BOUND = "STREAM_MONITOR is not bound.";

/** @param monitors null without the binding: then nobody can wait, and nobody need be told */
export function streamMonitor(
  monitors: StreamMonitors | null,
  { instance, tenant }: StreamSpace,
  scope: ObjectCallScope,
): Monitor {
  const ask = <Reply>(
    topic: string,
    timeoutMs: number,
    call: (stub: StreamMonitorStub) => Promise<Reply>,
  ): Promise<Reply> => {
    if (monitors === null) throw new NotConfigured(NOT_BOUND);
    const stub = monitors(`${instance}/${tenant}/${topic}`);
    return callObject(scope, { timeoutMs, outcome: "not_applied" }, () => call(stub));
  };
  const tell = async (topic: string, call: (stub: StreamMonitorStub) => Promise<void>) => {
    if (monitors !== null) await ask(topic, CALL_MS, call);
  };
  return {
    watch: (topic) => tell(topic, (stub) => stub.watch({ instance, tenant, topic })),
    appended: (topic) => tell(topic, (stub) => stub.appended()),
    due: (topic, group, dueInMs) => tell(topic, (stub) => stub.due(group, dueInMs)),
    register: ({ topic, group, waiter }) =>
      ask(topic, CALL_MS, (stub) => stub.register(group, waiter)),
    next: ({ topic, group, waiter }, waitMs, dueInMs) =>
      ask(topic, waitMs + ANSWER_MS, (stub) => stub.next(group, waiter, waitMs, dueInMs)),
    done: ({ topic, group, waiter }, hasMore) =>
      tell(topic, (stub) => stub.done(group, waiter, hasMore)),
  };
}
