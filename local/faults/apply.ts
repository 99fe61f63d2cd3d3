/**
 * @module
 * How a fault looks on the wire. Both dialects answer through `replyWithFaults`, so that a fault
 * means the same thing to a Redis client and to a Postgres client.
 *
 * Invariants:
 *
 * 1. A request that is delayed is applied when its time comes even though its client has gone:
 *    that is what a slow network does to a write, and what the patterns must survive.
 * 2. Nothing is applied, and no timer is left, once `closing` has fired.
 * 3. A connection that dies is reset, so its client sees the failure at once.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultEngine, FaultPlan } from "./engine.ts";

export interface HttpReply {
  readonly status: number;
  /** Sent as they are, beside `content-length`. Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export interface FaultyExchange {
  readonly faults: FaultEngine | undefined;
  readonly target: string;
  /** The first command's name, or the first word of the SQL. */
  readonly label: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Fires when the server closes. */
  readonly closing: AbortSignal;
  /** Applies the request and makes its reply. Called 0, 1 or 2 times; must not reject. */
  readonly apply: () => Promise<HttpReply>;
  /** Words an injected error as the store would. */
  readonly storeError: (status: number, message: string) => HttpReply;
}

const GARBAGE: HttpReply = {
  status: 200,
  headers: { "content-type": "application/json" },
  body: "<html><body>upstream said something else</body></html>",
};

/** To be called before the body is read. Returns true when the connection was destroyed. */
export function refuseConnection(
  faults: FaultEngine | undefined,
  target: string,
  request: IncomingMessage,
): boolean {
  if (faults === undefined || !faults.refuses(target)) return false;
  destroy(request);
  return true;
}

/** Decides, applies and answers. Resolves when the reply was handed to the socket, or dropped. */
export async function replyWithFaults(exchange: FaultyExchange): Promise<void> {
  const { faults, target, label, response, apply } = exchange;
  const plan = faults?.decide(target, label) ?? null;
  if (plan === null) {
    send(response, await apply());
    return;
  }
  await carryOut(plan, exchange);
}

/** Writes a whole reply; a client that has gone is not an error. */
export function send(response: ServerResponse, reply: HttpReply): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(reply.status, {
    ...reply.headers,
    "content-length": Buffer.byteLength(reply.body),
  });
  response.end(response.req.method === "HEAD" ? undefined : reply.body);
}

async function carryOut(plan: FaultPlan, exchange: FaultyExchange): Promise<void> {
  const { request, response, closing, apply, storeError } = exchange;
  if (!(await waited(plan.delayMs, closing))) return;
  if (plan.fate.kind === "drop") {
    destroy(request);
    return;
  }
  if (plan.fate.kind === "error") {
    send(response, storeError(plan.fate.status, plan.fate.message));
    return;
  }
  const reply = await apply();
  const again =
    plan.duplicateAfterMs === null ? undefined : applyAgain(plan.duplicateAfterMs, exchange);
  if (await waited(plan.delayResponseMs, closing)) {
    if (plan.reply === "drop") destroy(request);
    else send(response, plan.reply === "garbage" ? GARBAGE : reply);
  }
  await again;
}

function destroy({ socket }: IncomingMessage): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}

async function applyAgain(afterMs: number, { closing, apply }: FaultyExchange): Promise<void> {
  if (await waited(afterMs, closing)) await apply();
}

/** False when the server closed meanwhile. */
async function waited(delayMs: number, closing: AbortSignal): Promise<boolean> {
  if (delayMs === 0) return !closing.aborted;
  return sleep(delayMs, true, { signal: closing }).catch(() => false);
}
