/**
 * @module
 * What the control endpoint can be asked, and what it answers. `local/README.md` shows each with curl.
 *
 * | call | answer |
 * |---|---|
 * | `POST /faults` FaultSpec | 201 Fault |
 * | `GET /faults` | 200 `{faults}` |
 * | `DELETE /faults`, `DELETE /faults/{id}` | 200 `{removed}` |
 * | `GET /processes` | 200 `{processes}` |
 * | `POST /processes/{id}/{action}` | 200 the process |
 * | `GET /counters` | 200 `{counters}`; of a process that is down there are none |
 * | `POST /counters/reset` | 200 `{}` |
 */

import type { TargetCounters } from "./child-protocol.ts";
import {
  type ControlHandler,
  type ControlReply,
  type ControlRequest,
  problem,
} from "./control-server.ts";
import type { FaultBoard } from "./fault-board.ts";
import type { ManagedProcess } from "./managed-process.ts";

const ACTIONS = ["kill", "pause", "resume", "restart", "start", "wipe"] as const;
type Action = (typeof ACTIONS)[number];
/** After these a process has forgotten which faults were used up. */
const FORGETFUL: readonly Action[] = ["kill", "restart", "wipe"];

export interface Controlled {
  readonly processes: ReadonlyMap<string, ManagedProcess>;
  readonly faults: FaultBoard;
  /** After a process came back empty. */
  readonly afterWipe: (process: ManagedProcess) => Promise<void>;
}

export function controlRoutes(controlled: Controlled): ControlHandler {
  return async (request) => {
    const [room, ...rest] = request.path;
    switch (room) {
      case "faults":
        return faultRoutes(controlled.faults, request, rest);
      case "processes":
        return processRoutes(controlled, request, rest);
      case "counters":
        return counterRoutes(controlled, request, rest);
      default:
        return problem(404, "There are /faults, /processes and /counters.");
    }
  };
}

async function faultRoutes(
  faults: FaultBoard,
  { method, body }: ControlRequest,
  [id, ...more]: readonly string[],
): Promise<ControlReply> {
  if (more.length > 0) return problem(404, "There are /faults and /faults/{id}.");
  if (id !== undefined) {
    if (method !== "DELETE") return problem(405, "A fault can be deleted.", ["DELETE"]);
    const isRemoved = await faults.remove(id);
    return isRemoved
      ? { status: 200, body: { removed: 1 } }
      : problem(404, `There is no fault ${id}.`);
  }
  switch (method) {
    case "GET":
      return { status: 200, body: { faults: await faults.list() } };
    case "DELETE":
      return { status: 200, body: { removed: await faults.clear() } };
    case "POST":
      return addFault(faults, body);
    default:
      return problem(405, "Faults are listed, added and deleted.", ["GET", "POST", "DELETE"]);
  }
}

async function addFault(faults: FaultBoard, spec: unknown): Promise<ControlReply> {
  try {
    return { status: 201, body: await faults.add(spec) };
  } catch (error) {
    if (error instanceof Error && error.name === "FaultSpecError")
      return problem(400, error.message);
    throw error;
  }
}

async function processRoutes(
  controlled: Controlled,
  { method, body }: ControlRequest,
  [id, action, ...more]: readonly string[],
): Promise<ControlReply> {
  const { processes } = controlled;
  if (id === undefined) {
    if (method !== "GET") return problem(405, "Processes are listed.", ["GET"]);
    return {
      status: 200,
      body: { processes: [...processes.values()].map((one) => one.snapshot()) },
    };
  }
  const process = processes.get(id);
  if (process === undefined) {
    return problem(
      404,
      `There is no process ${id}. There are ${[...processes.keys()].join(", ")}.`,
    );
  }
  if (action === undefined) {
    if (method !== "GET") return problem(405, "A process can be read.", ["GET"]);
    return { status: 200, body: process.snapshot() };
  }
  const known = ACTIONS.find((one) => one === action);
  if (known === undefined || more.length > 0) {
    return problem(404, `There is no action ${action}. There are ${ACTIONS.join(", ")}.`);
  }
  if (method !== "POST") return problem(405, "Actions are posted.", ["POST"]);
  const refusal = await act(controlled, process, known, body);
  return refusal ?? { status: 200, body: process.snapshot() };
}

/** Resolves with what speaks against it, or `null` once it has happened. */
async function act(
  { faults, afterWipe }: Controlled,
  process: ManagedProcess,
  action: Action,
  body: unknown,
): Promise<ControlReply | null> {
  const { id, state } = process.snapshot();
  const hold = readHold(action, body);
  if (hold === null) {
    return problem(400, `${action} takes ${action === "kill" ? "{hold?: boolean}" : "no body"}.`);
  }
  if (process.isUp && FORGETFUL.includes(action)) await faults.forgetExhausted();
  switch (action) {
    case "kill":
      await process.kill({ isHeld: hold });
      return null;
    case "pause":
      return process.pause()
        ? null
        : problem(409, `${id} is ${state}; only one that is up can be paused.`);
    case "resume":
      return process.resume() ? null : problem(409, `${id} is ${state}, not paused.`);
    case "start":
      await process.start();
      return null;
    case "restart":
      await process.restart();
      return null;
    case "wipe":
      if (process.plan.wipe === undefined)
        return problem(409, `${id} has no data of its own to remove.`);
      await process.wipe();
      await afterWipe(process);
      return null;
  }
}

/** `null` when the body is not what the action takes. */
function readHold(action: Action, body: unknown): boolean | null {
  if (body === undefined) return false;
  if (typeof body !== "object" || body === null || Array.isArray(body)) return null;
  const { hold = false, ...others } = body as { hold?: unknown };
  if (Object.keys(others).length > 0 || typeof hold !== "boolean") return null;
  return action === "kill" || !("hold" in body) ? hold : null;
}

async function counterRoutes(
  { processes }: Controlled,
  { method }: ControlRequest,
  [reset, ...more]: readonly string[],
): Promise<ControlReply> {
  const counting = [...processes.values()].filter(
    ({ plan }) => plan.kind === "gateway" || plan.kind === "postgres",
  );
  if (reset === undefined) {
    if (method !== "GET") return problem(405, "Counters are read; POST /counters/reset.", ["GET"]);
    const counters: Record<string, TargetCounters> = {};
    for (const process of counting) {
      const answer = await process.ask<"counters">({ type: "counters" }).catch(() => null);
      Object.assign(counters, answer?.counters);
    }
    return { status: 200, body: { counters } };
  }
  if (reset !== "reset" || more.length > 0)
    return problem(404, "There are /counters and /counters/reset.");
  if (method !== "POST") return problem(405, "POST /counters/reset.", ["POST"]);
  await Promise.allSettled(
    counting.map((process) => process.ask<"reset-counters">({ type: "reset-counters" })),
  );
  return { status: 200, body: {} };
}
