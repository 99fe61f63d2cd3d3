/**
 * @module
 * What a run against a deployment will send, before it is sent: requests, and store commands that are
 * billed. An estimate from above: the journeys say how many commands an operation needs.
 */
import type { JourneyMeta } from "../protocol/journey-meta.ts";

export interface RunCost {
  readonly requests: number;
  readonly storeCommands: number;
}

/** One run of k6, warm-ups among them: each sets up and verifies for itself. */
export interface PlannedLoad {
  readonly meta: JourneyMeta;
  readonly requests: number;
}

export function estimateCost(loads: readonly PlannedLoad[]): RunCost {
  let requests = 0;
  let storeCommands = 0;
  for (const { meta, requests: measured } of loads) {
    const perRequest = meta.operations.reduce(
      (sum, { share, storeCommands: commands }) => sum + share * commands,
      0,
    );
    requests += measured + meta.sideRequests;
    storeCommands += measured * perRequest + meta.sideCommands;
  }
  return { requests, storeCommands: Math.ceil(storeCommands) };
}
