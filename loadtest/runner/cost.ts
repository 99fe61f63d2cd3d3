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

export interface PlannedLoad {
  readonly meta: JourneyMeta;
  readonly requests: number;
}

export function estimateCost(loads: readonly PlannedLoad[]): RunCost {
  let requests = 0;
  let storeCommands = 0;
  for (const load of loads) {
    const perRequest = load.meta.operations.reduce(
      (sum, { share, storeCommands: commands }) => sum + share * commands,
      0,
    );
    const dearest = Math.max(...load.meta.operations.map((operation) => operation.storeCommands));
    requests += load.requests + load.meta.sideRequests;
    storeCommands += load.requests * perRequest + load.meta.sideRequests * dearest;
  }
  return { requests, storeCommands: Math.ceil(storeCommands) };
}
