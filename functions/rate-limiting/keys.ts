import { type KeySpace, storeKey } from "../../shared/redis/keys.ts";

/** Of whom a limit is: the deployment and the tenant. */
export interface LimitSpace extends Pick<KeySpace, "instance" | "tenant"> {
  /** Of policies that an app brings itself: no stored one has any part in what is used of them. */
  readonly isInline?: boolean;
}

/** Every key of one tenant. */
export interface LimitKeys {
  /** hash: name of a policy to its text, see policy.ts. */
  readonly policies: string;
  /** string: the last revision given to a policy. */
  readonly revision: string;
  /** string: what is used of a `gcra` policy by one caller, see gcra.lua. */
  level(policy: string, key: string): string;
  /** The start of the keys that the SDK makes for a policy of another algorithm. */
  counters(policy: string): string;
  /** The rest of them: one caller, so that no two callers share a counter. */
  counterId(key: string): string;
  /** string: what a write answered, kept until no copy of it can arrive any more. */
  operation(id: string): string;
}

export function limitKeys({ instance, tenant, isInline = false }: LimitSpace): LimitKeys {
  const space: KeySpace = { instance, pattern: "rate-limiting", node: null, tenant };
  const key = (...parts: string[]) => storeKey(space, ...parts);
  const start = key("").length;
  return {
    policies: key("policies"),
    revision: key("revision"),
    level: (policy, caller) => key(isInline ? "inline-level" : "level", policy, caller),
    counters: (policy) => key(isInline ? "inline-counter" : "counter", policy),
    counterId: (caller) => key(caller).slice(start),
    operation: (id) => key("operation", id),
  };
}
