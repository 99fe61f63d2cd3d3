import { storeKey } from "../../shared/redis/keys.ts";

/** Whose item: what every row and key of it carries. */
export interface ItemRef {
  readonly instance: string;
  readonly tenant: string;
  readonly id: string;
}

const PATTERN = "cache-aside";

/** String: the cached entry (`entry.ts`). */
export function dataKey({ instance, tenant, id }: ItemRef): string {
  return storeKey({ instance, pattern: PATTERN, node: null, tenant }, "data", id);
}

/** Hash: token -> its grant (`lease.lua`). */
export function leaseKey({ instance, tenant, id }: ItemRef): string {
  return storeKey({ instance, pattern: PATTERN, node: null, tenant }, "lease", id);
}
