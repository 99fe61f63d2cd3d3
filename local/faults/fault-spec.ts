/**
 * @module
 * Is this a fault that can be injected? Turns untrusted JSON into a complete `FaultSpec`, or says
 * field by field what is wrong with it.
 *
 * A field that has no meaning for its kind is refused: a fault that silently ignores half of what
 * was asked makes a test pass for the wrong reason.
 */
import * as z from "zod";
import { FAULT_KINDS, type FaultKind, type FaultSpec } from "./fault.ts";

export const DELAY_DEFAULT_MS = 1_000;
const DELAY_MAX_MS = 60_000;

const DELAYED: readonly FaultKind[] = ["delay", "delay-response", "duplicate", "lag"];

const Shape = z.strictObject({
  target: z.string().min(1).max(128),
  kind: z.enum(FAULT_KINDS),
  probability: z.number().gt(0).max(1).default(1),
  count: z.int().min(1).max(1_000_000).optional(),
  skip: z.int().min(0).max(1_000_000).default(0),
  seed: z.int().default(1),
  delayMs: z.int().min(0).max(DELAY_MAX_MS).optional(),
  status: z.int().min(400).max(599).optional(),
  message: z.string().min(1).max(1_000).optional(),
  command: z.string().min(1).max(64).optional(),
});

/** A fault that cannot be injected; `issues` names each field at fault. Its text is safe to show. */
export class FaultSpecError extends Error {
  readonly issues: readonly { readonly at: string; readonly message: string }[];

  constructor(issues: readonly { readonly at: string; readonly message: string }[]) {
    super(`Not a fault: ${issues.map(({ at, message }) => `${at}: ${message}`).join("; ")}`);
    this.name = "FaultSpecError";
    this.issues = issues;
  }
}

/**
 * Requires nothing of `input`. Returns the spec with its defaults filled in, which parses to itself;
 * throws `FaultSpecError`.
 */
export function parseFaultSpec(input: unknown): FaultSpec {
  const parsed = Shape.safeParse(input);
  if (!parsed.success) {
    throw new FaultSpecError(
      parsed.error.issues.map(({ path, message }) => ({ at: path.join(".") || "fault", message })),
    );
  }
  const { target, kind, count, delayMs, status, message, command, ...rest } = parsed.data;
  const issues = meaningless(kind, Object.keys(input as object));
  if (issues.length > 0) throw new FaultSpecError(issues);
  if (kind === "lag") return { target, kind, delayMs: delayMs ?? DELAY_DEFAULT_MS };
  return {
    target,
    ...rest,
    kind,
    ...(count === undefined ? {} : { count }),
    ...(command === undefined ? {} : { command }),
    ...(DELAYED.includes(kind) ? { delayMs: delayMs ?? DELAY_DEFAULT_MS } : {}),
    ...(kind === "error"
      ? { status: status ?? 500, message: message ?? "ERR injected fault" }
      : {}),
  };
}

function meaningless(kind: FaultKind, given: readonly string[]) {
  const issues: { at: string; message: string }[] = [];
  const refuse = (fields: readonly string[], why: string) => {
    for (const at of fields) if (given.includes(at)) issues.push({ at, message: why });
  };
  if (kind !== "error") refuse(["status", "message"], `has a meaning for "error" only`);
  if (!DELAYED.includes(kind)) {
    refuse(["delayMs"], `has a meaning for ${DELAYED.map((name) => `"${name}"`).join(", ")} only`);
  }
  if (kind === "refuse") {
    refuse(["command"], "a refused connection is gone before its command is read");
  }
  if (kind === "lag") {
    refuse(
      ["probability", "count", "skip", "seed", "command"],
      "lag is a state of the replica, not something that happens to a request",
    );
  }
  return issues;
}
