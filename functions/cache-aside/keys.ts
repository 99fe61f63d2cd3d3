import { storeKey } from "../../shared/redis/keys.ts";

/** Whose item: what every row and key of it carries. */
export interface ItemRef {
  readonly instance: string;
  readonly tenant: string;
  readonly id: string;
}

const PATTERN = "cache-aside";

export interface ItemKeys {
  /** String: the cached entry (`entry.ts`). */
  readonly data: string;
  /** Hash: token -> ms of its grant (`lease.lua`). */
  readonly lease: string;
}

export function itemKeys({ instance, tenant, id }: ItemRef): ItemKeys {
  const space = { instance, pattern: PATTERN, node: null, tenant };
  return { data: storeKey(space, "data", id), lease: storeKey(space, "lease", id) };
}
