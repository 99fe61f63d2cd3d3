/** A request header with a meaning: how it is written, and what to say when it is not. */
export interface RequestHeader {
  readonly name: string;
  /** Two headers of one name arrive joined by a comma and a space, which no pattern here allows. */
  readonly pattern: RegExp;
  readonly rule: string;
  readonly description: string;
}

export const DEADLINE_MS_DEFAULT = 2_000;
export const DEADLINE_MS_MAX = 10_000;

export const IDEMPOTENCY_KEY: RequestHeader = {
  name: "Idempotency-Key",
  pattern: /^[\x21-\x7e]{1,128}$/,
  rule: "must be 1 to 128 visible ASCII characters, given once",
  description:
    "Makes a repeat answer as the first time. Scope: tenant, method and path. Without it the call is at-least-once for its caller.",
};

export const DEADLINE: RequestHeader = {
  name: "Kv-Deadline-Ms",
  pattern: /^(?:[1-9]\d{0,3}|10000)$/,
  rule: `must be an integer from 1 to ${DEADLINE_MS_MAX}, given once`,
  description: `Milliseconds after which no answer is wanted. Default ${DEADLINE_MS_DEFAULT}.`,
};

export const IF_MATCH: RequestHeader = {
  name: "If-Match",
  pattern: /^(?:\*|(?:W\/)?"[\x21\x23-\x7e]{1,128}")$/,
  rule: 'must be * or one "version", given once',
  description: "Applies the write only to this version, or with `*` only when something is there.",
};

export const IF_NONE_MATCH: RequestHeader = {
  name: "If-None-Match",
  pattern: /^(?:\*|(?:W\/)?"[\x21\x23-\x7e]{1,128}")$/,
  rule: 'must be * or one "version", given once',
  description: "On a read: answer 304 when this version is current. On a write: `*` creates only.",
};

export const LAST_EVENT_ID: RequestHeader = {
  name: "Last-Event-ID",
  pattern: /^[\x21-\x7e]{1,2048}$/,
  rule: "must be the id of an event, given once",
  description: "The last event that was heard: what was sent behind it comes again at once.",
};
