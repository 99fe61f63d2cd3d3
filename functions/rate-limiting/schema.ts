/**
 * @module
 * The shapes that requests and replies of the limiter have in common; `endpoints.ts` says where they go.
 */
import * as z from "zod";
import { Name } from "../http/names.ts";
import { CHECKS_MAX } from "./check.ts";
import {
  ALGORITHMS,
  hasBurst,
  LIMIT_MAX,
  ON_ERROR,
  type PolicyDefinition,
  WINDOW_MS_MAX,
} from "./policy.ts";

/** In bytes of UTF-8. */
const KEY_BYTES_MAX = 512;

/** Whom a check counts. Any well-formed text, since it may be an address, a path or a person's name. */
const Key = z
  .string()
  .min(1)
  .refine(isWithinBytes, { error: `must have at most ${KEY_BYTES_MAX} bytes and be Unicode` })
  .meta({ description: `Whom to count: any string of 1 to ${KEY_BYTES_MAX} bytes` });

const Cost = z.int().min(1).max(LIMIT_MAX);

export const PolicyParams = z.strictObject({ policy: Name });

export const KeyParams = z.strictObject({ policy: Name, key: Key });

const Units = z.int().min(1).max(LIMIT_MAX);

const definition = {
  algorithm: z.enum(ALGORITHMS).meta({
    description:
      "`gcra` is exact, on the store's clock, and the only one that combines; the others count by the Worker's clock",
  }),
  limit: Units.meta({ description: "Units per window" }),
  windowMs: z.int().min(1).max(WINDOW_MS_MAX),
};

const OnError = z.enum(ON_ERROR).meta({
  description:
    "While the store does not answer: `closed` refuses with 503 shortly before the deadline, `open` lets pass after 300 ms",
});

const Burst = Units.meta({
  description: "Units that may pass at once. With `gcra` and `token-bucket`; default: the limit",
});

export const PolicyBody = z
  .strictObject({ ...definition, burst: Burst.optional(), onError: OnError })
  .refine(({ algorithm, burst }) => burst === undefined || hasBurst(algorithm), {
    error: "has a meaning with gcra and token-bucket only",
    path: ["burst"],
  })
  .transform((given): PolicyDefinition => ({ ...given, burst: given.burst ?? given.limit }));

export const PolicyReply = z.strictObject({
  policy: Name,
  ...definition,
  burst: Burst,
  onError: OnError,
  revision: z.int().min(1).meta({ description: "Rises with each change" }),
});

export const PoliciesReply = z.strictObject({ policies: z.array(PolicyReply) });

export const CheckBody = z.strictObject({ key: Key, cost: Cost.default(1) });

export const ChecksBody = z.strictObject({
  checks: z
    .array(z.strictObject({ policy: Name, key: Key, cost: Cost.default(1) }))
    .min(1)
    .max(CHECKS_MAX)
    .refine(
      (checks) =>
        new Set(checks.map(({ policy, key }) => `${policy} ${key}`)).size === checks.length,
      { error: "must name a policy and key once" },
    ),
});

const Ms = z.int().min(0);

export const VerdictReply = z.strictObject({
  allowed: z.boolean(),
  limit: Units,
  remaining: z.int().min(0).meta({
    description:
      "Units that would pass now; 0 for a check refused by another algorithm than `gcra`",
  }),
  resetMs: Ms.meta({
    description:
      "Until all that was used has come back; with other algorithms than `gcra` until the window ends",
  }),
  retryAfterMs: Ms.meta({
    description:
      "Until the same check would pass; 0 when it passed. With `sliding-window` and `token-bucket` until the window ends: it may be refused then too",
  }),
});

export const VerdictsReply = z.strictObject({
  allowed: z
    .boolean()
    .meta({ description: "Whether all pass; then, and only then, all are charged" }),
  results: z.array(VerdictReply).meta({ description: "In the order of the checks" }),
});

export const ProtectedReply = z.strictObject({ ok: z.literal(true) });

const LONE_SURROGATE = /\p{Surrogate}/u;

/** A lone surrogate has no UTF-8. */
function isWithinBytes(text: string): boolean {
  return !LONE_SURROGATE.test(text) && new TextEncoder().encode(text).length <= KEY_BYTES_MAX;
}
