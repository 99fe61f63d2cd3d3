/**
 * @module
 * Policies of a tenant: stored in one hash, and believed in by an isolate for `POLICY_TTL_MS`.
 *
 * Every change has an operation id of its own, kept by the store until the call has expired, so a copy that
 * comes late undoes nothing.
 */
import { attemptRead, attemptWrite, type Expired } from "../../shared/kernel/attempts.ts";
import { UpstreamError } from "../../shared/kernel/errors.ts";
import { ANSWER_MARGIN_MS, workerOperationId } from "../../shared/kernel/operation.ts";
import { expired, list, MalformedReply, nullable, text } from "../../shared/redis/reply.ts";
import { defineScript } from "../../shared/redis/script.ts";
import type { LimiterAccess } from "./access.ts";
import deleteSource from "./delete-policy.lua";
import { limitKeys } from "./keys.ts";
import {
  continuityOf,
  definitionText,
  type Policy,
  type PolicyDefinition,
  parsePolicy,
} from "./policy.ts";
import putSource from "./put-policy.lua";

/** Of one tenant; the list is one reply. */
export const POLICIES_MAX = 1_000;

export type PutPolicy =
  | { readonly kind: "created" | "changed" | "unchanged"; readonly policy: Policy }
  /** The one there counts in a way that the wanted one cannot go on from. */
  | { readonly kind: "differs"; readonly policy: Policy }
  | { readonly kind: "too_many" };

/** Creates or changes a policy. One trip. */
export async function putPolicy(
  access: LimiterAccess,
  name: string,
  definition: PolicyDefinition,
): Promise<PutPolicy> {
  const keys = limitKeys(access.space);
  const operation = keys.operation(workerOperationId(access.newId()));
  const sinceMs = access.attempts.clock();
  const { reply } = await attemptWrite("redis", access.attempts, ({ timeoutMs, expiresAtMs }) =>
    runPut(
      access.redis,
      [operation, keys.policies, keys.revision],
      [
        name,
        definitionText(definition),
        continuityOf(definition),
        POLICIES_MAX,
        expiresAtMs,
        expiresAtMs + ANSWER_MARGIN_MS,
      ],
      { timeoutMs },
    ),
  );
  if (reply.kind === "too_many") return reply;
  const policy = parsePolicy(name, reply.text);
  remember(access, policy, sinceMs);
  return { kind: reply.kind, policy };
}

/** Removes a policy, also when there is none. Other isolates go by it for up to `POLICY_TTL_MS`. One trip. */
export async function deletePolicy(access: LimiterAccess, name: string): Promise<void> {
  const keys = limitKeys(access.space);
  const operation = keys.operation(workerOperationId(access.newId()));
  await attemptWrite("redis", access.attempts, ({ timeoutMs, expiresAtMs }) =>
    runDelete(
      access.redis,
      [operation, keys.policies],
      [name, expiresAtMs, expiresAtMs + ANSWER_MARGIN_MS],
      { timeoutMs },
    ),
  );
  forget(access, name);
}

/** Asks the store, whatever the isolate believes. One trip. */
export async function readPolicy(access: LimiterAccess, name: string): Promise<Policy | null> {
  return await attemptRead(access.attempts, async (timeoutMs) => {
    const [policy = null] = await fetchPolicies(access, [name], timeoutMs);
    return policy;
  });
}

/** The policy that the isolate goes by. No trip while it knows it. */
export async function knownPolicy(access: LimiterAccess, name: string): Promise<Policy | null> {
  return await attemptRead(access.attempts, async (timeoutMs) => {
    const [policy = null] = await knownPolicies(access, [name], timeoutMs);
    return policy;
  });
}

/** All policies of the tenant by name. One trip. */
export async function listPolicies(access: LimiterAccess): Promise<readonly Policy[]> {
  const key = limitKeys(access.space).policies;
  const pairs = await attemptRead(access.attempts, (timeoutMs) =>
    decoded(async () => list(await access.redis.command(["HGETALL", key], { timeoutMs }))),
  );
  return await decoded(async () => {
    const policies: Policy[] = [];
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      policies.push(parsePolicy(text(pairs[i]), text(pairs[i + 1])));
    }
    return policies.sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

/**
 * The policies that the isolate goes by, in the order of the names; null for a name without one. One trip
 * for all that it does not know, none when it knows them.
 */
export async function knownPolicies(
  access: LimiterAccess,
  names: readonly string[],
  timeoutMs: number,
): Promise<readonly (Policy | null)[]> {
  const nowMs = access.attempts.clock();
  const known = names.map((name) => access.policies.get(cacheKey(access, name), nowMs));
  const unknown = names.filter((_, i) => known[i] === undefined);
  if (unknown.length === 0) return known.map((policy) => policy ?? null);
  const fetched = await fetchPolicies(access, unknown, timeoutMs);
  const byName = new Map(fetched.map((policy) => [policy?.name, policy]));
  return names.map((name, i) => known[i] ?? byName.get(name) ?? null);
}

/** What the isolate knew last, for as long as the store does not answer. */
export function lastKnownPolicies(
  access: LimiterAccess,
  names: readonly string[],
): readonly (Policy | undefined)[] {
  const nowMs = access.attempts.clock();
  return names.map((name) => access.lastKnown.get(cacheKey(access, name), nowMs));
}

/** Makes the next check ask the store. */
export function doubtPolicy(access: LimiterAccess, name: string): void {
  access.policies.delete(cacheKey(access, name));
}

async function fetchPolicies(
  access: LimiterAccess,
  names: readonly string[],
  timeoutMs: number,
): Promise<readonly (Policy | null)[]> {
  const key = limitKeys(access.space).policies;
  const sinceMs = access.attempts.clock();
  const texts = await decoded(async () =>
    list(await access.redis.command(["HMGET", key, ...names], { timeoutMs })),
  );
  return await decoded(async () =>
    names.map((name, i) => {
      const policy = nullable(texts[i], (stored) => parsePolicy(name, text(stored)));
      if (policy === null) forget(access, name);
      else remember(access, policy, sinceMs);
      return policy;
    }),
  );
}

/** Runs a read; what it cannot read comes from a broken store. */
async function decoded<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UpstreamError) throw error.withOutcome("not_applied");
    if (!(error instanceof MalformedReply)) throw error;
    throw new UpstreamError({ dependency: "redis", fault: "garbage", outcome: "not_applied" });
  }
}

/** It was so when the store was asked, and may have changed before the answer came. */
function remember(access: LimiterAccess, policy: Policy, sinceMs: number): void {
  const key = cacheKey(access, policy.name);
  access.policies.set(key, policy, sinceMs);
  access.lastKnown.set(key, policy, sinceMs);
}

function forget(access: LimiterAccess, name: string): void {
  access.policies.delete(cacheKey(access, name));
  access.lastKnown.delete(cacheKey(access, name));
}

/** A tenant's name and a policy's hold no space. */
function cacheKey({ space }: LimiterAccess, name: string): string {
  return `${space.tenant} ${name}`;
}

type Stored =
  | { readonly kind: "created" | "changed" | "unchanged" | "differs"; readonly text: string }
  | { readonly kind: "too_many" };

const runPut = defineScript<
  [operation: string, policies: string, revision: string],
  [
    name: string,
    definition: string,
    continuity: string,
    policiesMax: number,
    expiresAtMs: number,
    answerUntilMs: number,
  ],
  Stored | Expired
>(putSource, (reply) => {
  const [kind, fact] = list(reply);
  switch (kind) {
    case "created":
    case "changed":
    case "unchanged":
    case "differs":
      return { kind, text: text(fact) };
    case "too_many":
      return { kind };
    default:
      return expired(reply);
  }
});

const runDelete = defineScript<
  [operation: string, policies: string],
  [name: string, expiresAtMs: number, answerUntilMs: number],
  { readonly kind: "deleted" } | Expired
>(deleteSource, (reply) => {
  const [kind] = list(reply);
  return kind === "deleted" ? { kind } : expired(reply);
});
