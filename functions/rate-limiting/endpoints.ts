/**
 * @module
 * The endpoints of the limiter as data: what each accepts and what it answers.
 */
import type { EndpointSpec } from "../http/endpoint.ts";
import {
  CheckBody,
  ChecksBody,
  KeyParams,
  PoliciesReply,
  PolicyBody,
  PolicyParams,
  PolicyReply,
  ProtectedReply,
  VerdictReply,
  VerdictsReply,
} from "./schema.ts";

const STORE_PROBLEMS = { 503: ["redis_unavailable"], 504: ["deadline"] } as const;

const LIMIT_HEADERS = {
  "RateLimit-Policy": "Each policy: its name, quota `q` and window `w` in seconds",
  RateLimit:
    "Each policy: its name, remaining `r` and seconds `t` until its quota is whole again, or until what it refused may pass",
  "Kv-Limiter": "`fail-open` when the store did not answer and the policies let pass",
};

const REFUSED_HEADERS = {
  ...LIMIT_HEADERS,
  "Retry-After": "Whole seconds, at least 1",
};

const CHECK_PROBLEMS = {
  404: ["no_such_policy"],
  422: ["cost_too_high"],
  ...STORE_PROBLEMS,
} as const;

export const PUT_POLICY = {
  operation: "rate-limiting.put-policy",
  summary: "Create or change a policy; what was used stays used",
  scope: "write",
  mutates: true,
  params: PolicyParams,
  body: PolicyBody,
  replies: {
    200: { description: "It is so now, or was before", schema: PolicyReply },
    201: { description: "Created", schema: PolicyReply },
  },
  problems: { 409: ["policy_differs", "too_many_policies"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const GET_POLICY = {
  operation: "rate-limiting.get-policy",
  summary: "Read a policy",
  scope: "read",
  mutates: false,
  params: PolicyParams,
  replies: { 200: { description: "The policy", schema: PolicyReply } },
  problems: { 404: ["no_such_policy"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const DELETE_POLICY = {
  operation: "rate-limiting.delete-policy",
  summary: "Delete a policy, also when there is none",
  scope: "write",
  mutates: true,
  params: PolicyParams,
  replies: { 204: { description: "There is no such policy any more" } },
  problems: STORE_PROBLEMS,
} as const satisfies EndpointSpec;

export const LIST_POLICIES = {
  operation: "rate-limiting.list-policies",
  summary: "List the policies by name",
  scope: "read",
  mutates: false,
  replies: { 200: { description: "All of them", schema: PoliciesReply } },
  problems: STORE_PROBLEMS,
} as const satisfies EndpointSpec;

export const CHECK = {
  operation: "rate-limiting.check",
  summary: "Let something pass, or not; a check that is repeated is charged again",
  scope: "write",
  mutates: true,
  params: PolicyParams,
  body: CheckBody,
  replies: {
    200: { description: "It passes and is charged", schema: VerdictReply, headers: LIMIT_HEADERS },
    429: {
      description: "It does not pass; with `gcra` it uses nothing",
      schema: VerdictReply,
      headers: REFUSED_HEADERS,
    },
  },
  problems: CHECK_PROBLEMS,
} as const satisfies EndpointSpec;

export const CHECK_ALL = {
  operation: "rate-limiting.check-all",
  summary: "Let something pass by up to eight gcra policies, charged all or none",
  scope: "write",
  mutates: true,
  body: ChecksBody,
  replies: {
    200: { description: "All pass", schema: VerdictsReply, headers: LIMIT_HEADERS },
    429: {
      description: "At least one does not pass, and none is charged",
      schema: VerdictsReply,
      headers: REFUSED_HEADERS,
    },
  },
  problems: { ...CHECK_PROBLEMS, 422: ["cost_too_high", "not_combinable"] },
} as const satisfies EndpointSpec;

export const GET_USAGE = {
  operation: "rate-limiting.get-usage",
  summary: "What a check of cost 1 would be told now; nothing is used",
  scope: "read",
  mutates: false,
  params: KeyParams,
  replies: { 200: { description: "The same numbers", schema: VerdictReply } },
  problems: { 404: ["no_such_policy"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const RESET_USAGE = {
  operation: "rate-limiting.reset-usage",
  summary: "Forget what a caller has used",
  scope: "write",
  mutates: true,
  params: KeyParams,
  replies: { 204: { description: "Nothing is used" } },
  problems: { 404: ["no_such_policy"], ...STORE_PROBLEMS },
} as const satisfies EndpointSpec;

export const PROTECTED = {
  operation: "rate-limiting.protected",
  summary: "A route behind the middleware: 100 a minute for each API key",
  scope: "read",
  mutates: false,
  replies: { 200: { description: "Passed", schema: ProtectedReply, headers: LIMIT_HEADERS } },
  problems: { 429: ["rate_limited"], ...STORE_PROBLEMS, 503: ["limiter_unavailable"] },
} as const satisfies EndpointSpec;
