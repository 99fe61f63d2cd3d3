/**
 * @module
 * A board's configuration, and the text it is stored as.
 *
 *     <revision> <createdAtMs> 1 desc best earliest daily,weekly ordinal
 *
 * The number before the order is the version of this format; `-` stands for no windows. Scripts compare
 * the whole text with the one the Worker believes in, so a Worker can cache it without ever acting on
 * one that has been replaced.
 */
import { MalformedReply } from "../../shared/redis/reply.ts";
import type { Order } from "./score.ts";
import { WINDOWS, type Window } from "./windows.ts";

export const ORDERS = ["desc", "asc"] as const satisfies readonly Order[];
export const MODES = ["set", "best", "increment"] as const;
export const TIES = ["earliest", "latest", "member"] as const;
export const RANK_MODES = ["ordinal", "competition"] as const;

export type Mode = (typeof MODES)[number];
export type Tie = (typeof TIES)[number];
export type RankMode = (typeof RANK_MODES)[number];

/** What the caller decides. */
export interface BoardDefinition {
  readonly order: Order;
  readonly mode: Mode;
  readonly tie: Tie;
  /** Without repeats, in the order of `WINDOWS`. */
  readonly windows: readonly Window[];
  readonly rankMode: RankMode;
}

export interface Board extends BoardDefinition {
  /** Random; another one after each creation and each reset. */
  readonly revision: string;
  readonly createdAtMs: number;
  /** As it is stored. */
  readonly text: string;
}

const FORMAT = "1";

export function definitionText(definition: BoardDefinition): string {
  const { order, mode, tie, rankMode } = definition;
  const windows = definition.windows.length === 0 ? "-" : definition.windows.join(",");
  return [FORMAT, order, mode, tie, windows, rankMode].join(" ");
}

/** @throws MalformedReply when the text is not of this format */
export function parseBoard(text: string): Board {
  const [revision, createdAt, format, order, mode, tie, windows, rankMode] = text.split(" ");
  const createdAtMs = Number(createdAt);
  if (!revision || format !== FORMAT || !Number.isSafeInteger(createdAtMs)) {
    throw new MalformedReply();
  }
  return {
    revision,
    createdAtMs,
    order: oneOf(ORDERS, order),
    mode: oneOf(MODES, mode),
    tie: oneOf(TIES, tie),
    windows: windows === "-" ? [] : (windows ?? "").split(",").map((name) => oneOf(WINDOWS, name)),
    rankMode: oneOf(RANK_MODES, rankMode),
    text,
  };
}

function oneOf<Value extends string>(values: readonly Value[], text: string | undefined): Value {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new MalformedReply();
  return found;
}

export interface Difference {
  readonly field: keyof BoardDefinition;
  /** What the board has, as it would be written in a request. */
  readonly present: string;
}

/** In which fields the wanted definition is not the board's. */
export function differences(board: BoardDefinition, wanted: BoardDefinition): Difference[] {
  const fields = ["order", "mode", "tie", "windows", "rankMode"] as const;
  return fields
    .filter((field) => String(board[field]) !== String(wanted[field]))
    .map((field) => ({ field, present: JSON.stringify(board[field]) }));
}
