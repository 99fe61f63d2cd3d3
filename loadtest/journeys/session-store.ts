/**
 * @module
 * Sessions under load: reads and edits of 500 sessions by their cookies, adds to their carts, sign-ins, and
 * forged cookies. Every reply is judged by its meaning, and at the end each session must hold every edit.
 */
import type { JourneyMeta } from "../protocol/journey-meta.ts";
import { type Finding, type Observation, VIOLATIONS_MAX } from "../protocol/lines.ts";
import type { Call, Client, Reply } from "./lib/client.ts";
import { isObject, require, wrongStatus } from "./lib/expect.ts";
import { defineJourney, type Run } from "./lib/journey.ts";
import { type Left, left, SESSIONS, type Step, step } from "./models/sessions.ts";

export const meta = {
  pattern: "session-store",
  workload:
    "50 % reads of a session, 30 % edits of one of its 100 fields, 10 % adds to its cart, 5 % sign-ins, 5 % forged cookies; 500 sessions chosen by Zipf 0.6",
  verifies:
    "each session holds in every field an edit that was sent to it, in its cart every add once, and has changed as often as it was told to; a forged cookie opened nothing and asked no store",
  consistency: "linearizable",
  operations: [
    { id: "read", label: "Read a session", kind: "read", share: 0.5, storeCommands: 5 },
    { id: "edit", label: "Edit a field", kind: "write", share: 0.3, storeCommands: 7 },
    { id: "add", label: "Add to the cart", kind: "write", share: 0.1, storeCommands: 8 },
    { id: "sign-in", label: "Begin a session", kind: "write", share: 0.05, storeCommands: 10 },
    { id: "forged", label: "Read by a forged cookie", kind: "read", share: 0.05, storeCommands: 0 },
  ],
  sideRequests: 2_000,
  sideCommands: 12_000,
} as const satisfies JourneyMeta;

const SHARES = meta.operations.map((operation) => operation.share);
const [READ, EDIT, ADD, SIGN_IN] = [0, 1, 2, 3] as const;

const SESSION = "/session-store/session";
const SESSIONS_PATH = "/session-store/sessions";

const userOf = (run: Run, session: number) => `lab-${run.id}-${session}`;

export const { options, setup, run, teardown, handleSummary } = defineJourney({
  meta,
  setup: () => Array.from({ length: SESSIONS }, (_, session) => observation("write", session, 1)),
  obtain: begin,
  request,
  verify,
  // Those that were begun during the load end by themselves.
  cleanUp(service, _, cookies) {
    service.sendAll(cookies.map((cookie) => ({ method: "DELETE", path: SESSION, cookie })));
  },
});

/** The cookie of each session. */
function begin(service: Client, run: Run): string[] {
  const calls = Array.from({ length: SESSIONS }, (_, session) => signIn(userOf(run, session)));
  return service.sendAll(calls).map((reply) => {
    require(reply, [201], "beginning a session");
    return cookieOf(reply) ?? "";
  });
}

function signIn(userId: string): Call {
  const body = { userId, data: {}, device: "lab" };
  return { method: "POST", path: SESSIONS_PATH, body, idempotencyKey: userId };
}

/** `name=value` of the cookie that a reply sets. */
function cookieOf(reply: Reply): string | null {
  return /^[^;]+\+[^;]+/.exec(reply.header("Set-Cookie") ?? "")?.[0] ?? null;
}

function request(service: Client, run: Run, index: number, cookies: readonly string[]) {
  const drawn = step(run.seed, index, SHARES);
  const { operation } = drawn;
  const reply = service.send(call(run, drawn, index, cookies[drawn.session] ?? ""));
  const wrong = wrongStatus(reply, [expectedStatus(operation)]);
  if (wrong !== null) return { operation, reply, wrong };
  const body = reply.json();
  if (!isObject(body)) return { operation, reply, wrong: "not_json: the body is no object" };
  switch (operation) {
    case READ:
      return { operation, reply, ...judgeSession(run, drawn, body) };
    case EDIT:
    case ADD:
      return { operation, reply, ...judgeChange(drawn, reply, body) };
    case SIGN_IN:
      return {
        operation,
        reply,
        wrong: cookieOf(reply) === null ? "no_cookie: none is set" : null,
      };
    default:
      return { operation, reply, wrong: judgeForged(reply, body) };
  }
}

function expectedStatus(operation: number): number {
  if (operation === SIGN_IN) return 201;
  return operation <= ADD ? 200 : 401;
}

function call(run: Run, { operation, field, article }: Step, index: number, cookie: string): Call {
  switch (operation) {
    case READ:
      return { method: "GET", path: SESSION, cookie };
    case EDIT:
      return { method: "PATCH", path: SESSION, body: { set: { [`f${field}`]: index } }, cookie };
    case ADD:
      return {
        method: "POST",
        path: `${SESSION}/cart/article-${article}/add`,
        body: { quantity: 1 },
        idempotencyKey: `lab-${run.id}-${index}`,
        cookie,
      };
    case SIGN_IN:
      return signIn(`${userOf(run, SESSIONS)}-${index}`);
    default:
      return { method: "GET", path: SESSION, cookie: forged(cookie, index) };
  }
}

/** Another token under the same seal. */
function forged(cookie: string, index: number): string {
  const parts = cookie.split("+");
  parts[5] = String(index).padStart(43, "0");
  return parts.join("+");
}

interface Judged {
  readonly wrong: string | null;
  readonly history?: readonly Observation[];
}

function judgeSession(run: Run, { session }: Step, body: Record<string, unknown>): Judged {
  if (body["userId"] !== userOf(run, session)) {
    return { wrong: "wrong_session: somebody else's was answered" };
  }
  if (!isObject(body["data"]) || !isObject(body["cart"])) {
    return { wrong: "wrong_answer: no data or no cart" };
  }
  return seen("read", session, body["version"]);
}

function judgeChange({ operation, session, article }: Step, reply: Reply, body: object): Judged {
  const { version, cart }: { readonly version?: unknown; readonly cart?: unknown } = body;
  if (operation === EDIT) return seen("write", session, version);
  const quantity = isObject(cart) ? cart[`article-${article}`] : null;
  if (typeof quantity !== "number" || quantity < 1) {
    return { wrong: "wrong_cart: the article is not in it" };
  }
  return seen("write", session, /^(?:W\/)?"(\d+)"$/.exec(reply.header("Etag") ?? "")?.[1]);
}

function seen(kind: Observation["kind"], session: number, version: unknown): Judged {
  const number = typeof version === "string" ? Number(version) : Number.NaN;
  if (!Number.isSafeInteger(number)) return { wrong: `wrong_version: ${version}` };
  return { wrong: null, history: [observation(kind, session, number)] };
}

function judgeForged(reply: Reply, body: Record<string, unknown>): string | null {
  if (body["code"] !== "no_session") return `wrong_code: ${body["code"]}`;
  const cost = reply.header("Kv-Cost");
  return cost === "trips=0, requests=0" ? null : `wrong_cost: ${cost}`;
}

function verify(service: Client, run: Run, cookies: readonly string[]) {
  const expected = left(run, SHARES, { patch: EDIT, add: ADD });
  const final: Observation[] = [];
  const violations: string[] = [];
  const replies = service.sendAll(
    cookies.map((cookie) => ({ method: "GET", path: SESSION, cookie })),
  );
  for (const [session, reply] of replies.entries()) {
    const body = reply.json();
    if (reply.status !== 200 || !isObject(body)) {
      violations.push(`session ${session} cannot be read: status ${reply.status}`);
      continue;
    }
    final.push(observation("read", session, Number(body["version"])));
    violations.push(...sessionViolations(session, body, expected));
  }
  const findings: Finding[] = [
    {
      name: "each session holds every edit and every add, and has changed as often",
      checked: replies.length,
      violations: violations.slice(0, VIOLATIONS_MAX),
    },
  ];
  return { findings, final };
}

function sessionViolations(
  session: number,
  { data, cart, version }: Record<string, unknown>,
  { writers, carts, changes }: Left,
): string[] {
  const fields = isObject(data) ? data : {};
  const articles = isObject(cart) ? cart : {};
  const found: string[] = [];
  for (const [field, requests] of (writers[session] ?? []).entries()) {
    const value = fields[`f${field}`];
    const isOne = requests.size === 0 ? value === undefined : requests.has(Number(value));
    if (!isOne) found.push(`session ${session} has ${value} in f${field}, which nobody wrote`);
  }
  for (const [article, quantity] of (carts[session] ?? []).entries()) {
    const held = articles[`article-${article}`] ?? 0;
    if (held !== quantity) {
      found.push(`session ${session} holds ${held} of article-${article} instead of ${quantity}`);
    }
  }
  const wanted = String(1 + (changes[session] ?? 0));
  if (version !== wanted) found.push(`session ${session} is at version ${version}, not ${wanted}`);
  return found;
}

const observation = (kind: Observation["kind"], session: number, version: number): Observation => ({
  kind,
  key: `session-${session}`,
  version,
  token: 0,
});
