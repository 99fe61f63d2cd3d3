/**
 * @module
 * The child's end of the IPC channel: answers the supervisor's requests and ends the process when the
 * supervisor is gone. A process without a channel (started by hand) is left alone but for signals.
 */
import type {
  ChildAnswer,
  ChildMessage,
  SupervisorRequest,
  TargetCounters,
} from "./child-protocol.ts";
import { FaultMirror, type FaultStore } from "./fault-mirror.ts";

/** A child that cannot close its store in this time exits all the same. */
const CLOSE_TIMEOUT_MS = 800;

export interface ChildService {
  /** Absent where a child injects no faults. */
  readonly faults?: FaultStore;
  counters(): Readonly<Record<string, TargetCounters>>;
  resetCounters(): void;
  close(): Promise<void>;
}

export function tellSupervisor(message: ChildMessage): void {
  if (process.connected) process.send?.(message);
}

/** Tells why there is nothing to serve, and ends the process once that was told. */
export function failStart(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (!process.connected || process.send === undefined) {
    process.stderr.write(`${message}\n`);
    process.exit(1);
  }
  const failed: ChildMessage = { type: "failed", message };
  process.send(failed, () => process.exit(1));
}

/** Answers requests, and closes the service when the channel or a signal says so. Call it once, early. */
export function attachToSupervisor(service: ChildService): void {
  const mirror = service.faults ? new FaultMirror(service.faults) : null;
  process.on("message", (request) => {
    tellSupervisor(answer(request as SupervisorRequest, service, mirror));
  });
  let isClosing = false;
  const close = () => {
    if (isClosing) return;
    isClosing = true;
    setTimeout(() => process.exit(1), CLOSE_TIMEOUT_MS).unref();
    service.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("disconnect", close);
  process.on("SIGTERM", close);
  process.on("SIGINT", close);
}

function answer(
  request: SupervisorRequest,
  service: ChildService,
  mirror: FaultMirror | null,
): ChildAnswer {
  const { id } = request;
  switch (request.type) {
    case "faults":
      mirror?.sync(request.faults);
      return { type: "faults", id };
    case "list-faults":
      return {
        type: "list-faults",
        id,
        faults: mirror?.list() ?? [],
        exhausted: mirror?.exhausted() ?? [],
      };
    case "counters":
      return { type: "counters", id, counters: service.counters() };
    case "reset-counters":
      service.resetCounters();
      return { type: "reset-counters", id };
  }
}
