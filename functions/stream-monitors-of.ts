import type { StreamMonitor } from "../durable-objects/stream-monitor/stream-monitor.ts";
import type { StreamMonitors } from "./line-streams/stream-monitors.ts";

/** Null without the binding. */
export function streamMonitorsOf(env: Partial<Env>): StreamMonitors | null {
  const namespace = env.STREAM_MONITOR as DurableObjectNamespace<StreamMonitor> | undefined;
  return namespace === undefined ? null : (name) => namespace.getByName(name);
}
