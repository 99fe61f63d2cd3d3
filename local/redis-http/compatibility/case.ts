import type { Redis } from "@upstash/redis";

/** One call of the SDK, and what it is to resolve to on the data of `seed.ts`. */
export interface Case {
  /** A pipeline may stand in for the client: their methods take the same arguments. */
  readonly call: (client: Redis) => unknown;
  /** Absent where it differs from run to run; then `accepts` judges. */
  readonly gives?: unknown;
  readonly accepts?: (value: unknown) => boolean;
  /** The order of the list it gives is free. */
  readonly isUnordered?: true;
  /** Where the command comes from when Redis 7.0 does not have it. */
  readonly since?: string;
  /** It exists on the client only, not on pipelines. */
  readonly isAloneOnly?: true;
  /** The SDK itself fails at it with auto-pipelining on, before anything is sent. */
  readonly isNotAutoPipelined?: true;
}

/** By method, with a variant in brackets where the method has more than one form. */
export type Cases = Readonly<Record<string, Case>>;
