/**
 * @module
 * The limiter under load: single checks, joint ones and a fixed window, and looks at what is used. Every
 * reply is judged by its meaning, and at the end every caller must have used exactly what it was let pass.
 */
import type { JourneyMeta } from "../protocol/journey-meta.ts";
import { type Finding, type Observation, VIOLATIONS_MAX } from "../protocol/lines.ts";
import type { Call, Client, Reply } from "./lib/client.ts";
import { isObject, require, wrongStatus } from "./lib/expect.ts";
import { defineJourney, type Run } from "./lib/journey.ts";
import { type CheckKind, finalUse, KEYS, LIMIT, type Step, step } from "./models/limits.ts";

export const meta = {
  pattern: "rate-limiting",
  workload:
    "50 % checks by gcra, 20 % by two gcra policies at once, 10 % by a fixed window, 20 % looks; 1,000, 200 and 200 callers chosen by Zipf 0.99, each with 20 units",
  verifies:
    "every caller was let pass exactly as often as it asked or as its limit says, and a joint check charged both policies or none",
  consistency: "linearizable",
  operations: [
    { id: "check", label: "Check", kind: "write", share: 0.5, storeCommands: 4 },
    {
      id: "joint",
      label: "Check two policies at once",
      kind: "write",
      share: 0.2,
      storeCommands: 5,
    },
    { id: "fixed", label: "Check a fixed window", kind: "write", share: 0.1, storeCommands: 3 },
    { id: "look", label: "Look at what is used", kind: "read", share: 0.2, storeCommands: 3 },
  ],
  sideRequests: 2_100,
  sideCommands: 7_000,
} as const satisfies JourneyMeta;

const SHARES = meta.operations.map((operation) => operation.share);

const DAY_MS = 86_400_000;
const ROOT = "/rate-limiting";

/** No unit comes back within a run: 18 minutes for one of the first, 20 for one of the second. */
const DEFINITIONS = {
  check: { algorithm: "gcra", limit: LIMIT, windowMs: DAY_MS / 4, onError: "closed" },
  joint: { algorithm: "gcra", limit: LIMIT, windowMs: DAY_MS / 4, onError: "closed" },
  pair: { algorithm: "gcra", limit: 1_000, windowMs: 14 * DAY_MS, onError: "closed" },
  fixed: { algorithm: "fixed-window", limit: LIMIT, windowMs: 31 * DAY_MS, onError: "closed" },
} as const;

type PolicyId = keyof typeof DEFINITIONS;

const POLICIES = Object.keys(DEFINITIONS) as PolicyId[];
const KINDS = Object.keys(KEYS) as CheckKind[];

const policyOf = (run: Run, policy: PolicyId) => `lab-${run.id}-${policy}`;
const policyPath = (run: Run, policy: PolicyId) => `${ROOT}/policies/${policyOf(run, policy)}`;
const keyName = (key: number) => `caller ${key}`;
const usagePath = (run: Run, policy: PolicyId, key: number) =>
  `${policyPath(run, policy)}/keys/${encodeURIComponent(keyName(key))}`;

export const { options, setup, run, teardown, handleSummary } = defineJourney({
  meta,
  setup: prepare,
  request,
  verify,
  cleanUp(service, run) {
    // The others are gone after six hours at most.
    service.sendAll(
      numbers(KEYS.fixed).map((key) => ({ method: "DELETE", path: usagePath(run, "fixed", key) })),
    );
    service.sendAll(
      POLICIES.map((policy) => ({ method: "DELETE", path: policyPath(run, policy) })),
    );
  },
});

function prepare(service: Client, run: Run): Observation[] {
  for (const policy of POLICIES) {
    const body = DEFINITIONS[policy];
    const [put] = service.sendAll([{ method: "PUT", path: policyPath(run, policy), body }]);
    require(put, [200, 201], `creating policy ${policy}`);
  }
  return KINDS.flatMap((kind) =>
    numbers(KEYS[kind]).map((key) => observation("write", kind, key, 0)),
  );
}

function request(service: Client, run: Run, index: number) {
  const drawn = step(run.seed, index, SHARES);
  const { operation, kind, key } = drawn;
  const isLook = operation >= KINDS.length;
  const reply = service.send(call(run, drawn, isLook));
  const wrong = wrongStatus(reply, isLook ? [200] : [200, 429]);
  if (wrong !== null) return { operation, reply, wrong };
  const body = reply.json();
  if (!isObject(body)) return { operation, reply, wrong: "not_json: the body is no object" };
  if (isLook) return { operation, reply, ...judgeVerdict(body, null, kind, key) };
  const passed = reply.status === 200;
  if (body["allowed"] !== passed) return { operation, reply, wrong: "wrong_answer: allowed" };
  if (!passed && reply.header("Retry-After") === null) {
    return { operation, reply, wrong: "wrong_answer: no Retry-After" };
  }
  const first = kind === "joint" ? firstOf(body["results"]) : body;
  if (first === null) return { operation, reply, wrong: "wrong_answer: two results are missing" };
  return { operation, reply, ...judgeVerdict(first, passed, kind, key) };
}

function call(run: Run, { kind, key }: Step, isLook: boolean): Call {
  if (isLook) return { method: "GET", path: usagePath(run, kind, key) };
  if (kind !== "joint") {
    return {
      method: "POST",
      path: `${policyPath(run, kind)}/check`,
      body: { key: keyName(key) },
    };
  }
  const checks = (["joint", "pair"] as const).map((policy) => ({
    policy: policyOf(run, policy),
    key: keyName(key),
  }));
  return { method: "POST", path: `${ROOT}/check`, body: { checks } };
}

function firstOf(results: unknown): Record<string, unknown> | null {
  if (!Array.isArray(results) || results.length !== 2) return null;
  const [first] = results as readonly unknown[];
  return isObject(first) ? first : null;
}

interface Judged {
  readonly wrong: string | null;
  readonly history?: readonly Observation[];
}

/** `passed` is null for a look. */
function judgeVerdict(
  verdict: Record<string, unknown>,
  passed: boolean | null,
  kind: CheckKind,
  key: number,
): Judged {
  const { limit, remaining, retryAfterMs } = verdict;
  if (limit !== LIMIT) return { wrong: `wrong_limit: ${limit} instead of ${LIMIT}` };
  if (typeof remaining !== "number" || remaining < 0 || remaining > LIMIT) {
    return { wrong: `wrong_remaining: ${remaining}` };
  }
  if (passed === false && remaining !== 0)
    return { wrong: `refused_early: ${remaining} were left` };
  if (passed === true && remaining === LIMIT) return { wrong: "uncharged: nothing is used" };
  if (typeof retryAfterMs !== "number" || (passed === false && retryAfterMs <= 0)) {
    return { wrong: `wrong_retry: ${retryAfterMs}` };
  }
  const kindOf = passed === true ? "write" : "read";
  return { wrong: null, history: [observation(kindOf, kind, key, LIMIT - remaining)] };
}

function verify(service: Client, run: Run) {
  const expected = finalUse(run.seed, run.requests, SHARES);
  const final: Observation[] = [];
  const findings = KINDS.map((kind): Finding => {
    const used = usedOf(service, run, kind, KEYS[kind]);
    for (const [key, units] of used.entries()) final.push(observation("read", kind, key, units));
    return {
      name: `every caller of the ${kind} policy used what it asked for, up to its limit`,
      checked: used.length,
      violations: differences(used, expected[kind]),
    };
  });
  const charged = usedOf(service, run, "pair", KEYS.joint);
  findings.push({
    name: "a joint check charged both policies or none",
    checked: charged.length,
    violations: differences(charged, expected.joint),
  });
  return { findings, final };
}

function usedOf(service: Client, run: Run, policy: PolicyId, keys: number): number[] {
  const calls = numbers(keys).map(
    (key): Call => ({
      method: "GET",
      path: usagePath(run, policy, key),
    }),
  );
  return service.sendAll(calls).map((reply: Reply) => {
    const body = reply.json();
    const remaining = isObject(body) ? body["remaining"] : null;
    return typeof remaining === "number" ? DEFINITIONS[policy].limit - remaining : -1;
  });
}

function differences(used: readonly number[], expected: readonly number[]): string[] {
  return used
    .flatMap((units, key) =>
      units === expected[key] ? [] : [`${keyName(key)} used ${units} instead of ${expected[key]}`],
    )
    .slice(0, VIOLATIONS_MAX);
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

/** What is used only grows within a run, so it is the version itself. */
const observation = (
  kind: Observation["kind"],
  policy: CheckKind,
  key: number,
  used: number,
): Observation => ({ kind, key: `${policy}-${key}`, version: used, token: 0 });
