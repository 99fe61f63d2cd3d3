import { type KeySpace, storeKey } from "../../shared/redis/keys.ts";

/** Of whom a board is: the deployment and the tenant. */
export type BoardSpace = Pick<KeySpace, "instance" | "tenant">;

/** The ranking of all time; a window's ranking has the id of its period. */
export const ALL_TIME = "all";

/** Every key of one board. */
export interface BoardKeys {
  /** string: the board's configuration, see board.ts. */
  readonly board: string;
  /** hash: member to JSON text. */
  readonly metadata: string;
  /** hash: member to its places, see submit.lua. Absent on boards with tie `member`. */
  readonly members: string;
  /** string: how often an entry has found a new place. Absent on boards with tie `member`. */
  readonly sequence: string;
  /** sorted set: the entries, best first. */
  ranking(id: string): string;
  /** string: what a write answered, kept until no copy of it can arrive any more. */
  operation(id: string): string;
}

export function boardKeys({ instance, tenant }: BoardSpace, board: string): BoardKeys {
  const base = storeKey({ instance, pattern: "leaderboard", node: null, tenant }, board);
  return {
    board: `${base}:board`,
    metadata: `${base}:metadata`,
    members: `${base}:members`,
    sequence: `${base}:sequence`,
    ranking: (id) => `${base}:ranking:${id}`,
    operation: (id) => `${base}:operation:${id}`,
  };
}
