/**
 * @module
 * The endpoints of the session store as data: what each accepts and what it answers.
 */
import type { EndpointSpec } from "../http/endpoint.ts";
import { IDEMPOTENCY_KEY, IF_MATCH } from "../http/headers.ts";
import { SESSION_COOKIE } from "./credential.ts";
import {
  CartReply,
  CreateBody,
  EndedReply,
  LifetimeReply,
  PatchBody,
  QuantityBody,
  RotateBody,
  SessionParams,
  SessionReply,
  SessionsReply,
  SkuParams,
  VersionReply,
} from "./schema.ts";

/** JSON may take more than what it says: escapes, white space. */
const BODY_BYTES_MAX = 256 * 1024;

const SET_COOKIE = { "Set-Cookie": "The session's cookie: `__Host-sid`, HttpOnly, SameSite=Lax" };
const SUCCESSOR = {
  "Set-Cookie": "The cookie to go on with, where the one sent has been rotated",
};
const REPLAYED = {
  "Idempotency-Replayed":
    "`true` when an earlier request with this Idempotency-Key was answered so",
};
const ETAG = { ETag: "The version" };

const STORE_PROBLEMS = { 503: ["redis_unavailable"], 504: ["deadline"] } as const;
const READ_PROBLEMS = { 401: ["no_session"], ...STORE_PROBLEMS } as const;
const WRITE_PROBLEMS = { ...READ_PROBLEMS, 403: ["bad_origin"] } as const;

/** Opened by the cookie alone. */
const BY_COOKIE = { scope: null, credential: SESSION_COOKIE } as const;

export const CREATE = {
  operation: "session-store.create",
  summary: "Begin a session of a user; the caller passes the cookie on to the browser",
  scope: "write",
  mutates: true,
  body: CreateBody,
  bodyBytesMax: BODY_BYTES_MAX,
  headers: [IDEMPOTENCY_KEY],
  replies: {
    201: {
      description: "Begun; a repeat with the same Idempotency-Key gets the same cookie",
      schema: LifetimeReply,
      headers: { ...SET_COOKIE, ...REPLAYED },
    },
  },
  problems: {
    409: ["too_many_sessions"],
    413: ["too_large"],
    422: ["idempotency_mismatch"],
    503: ["redis_unavailable", "signing_secret_unknown"],
    504: ["deadline"],
  },
} as const satisfies EndpointSpec;

export const READ = {
  operation: "session-store.read",
  summary: "Read the session",
  ...BY_COOKIE,
  mutates: false,
  replies: {
    200: { description: "The session", schema: SessionReply, headers: { ...ETAG, ...SUCCESSOR } },
  },
  problems: READ_PROBLEMS,
} as const satisfies EndpointSpec;

export const PATCH = {
  operation: "session-store.patch",
  summary: "Change some fields of the session, all or none, and leave the others as they are",
  ...BY_COOKIE,
  mutates: true,
  body: PatchBody,
  bodyBytesMax: BODY_BYTES_MAX,
  headers: [IF_MATCH],
  replies: {
    200: { description: "Changed", schema: VersionReply, headers: { ...ETAG, ...SUCCESSOR } },
  },
  problems: {
    ...WRITE_PROBLEMS,
    409: ["too_many_fields"],
    412: ["precondition_failed"],
    413: ["too_large"],
  },
} as const satisfies EndpointSpec;

export const END = {
  operation: "session-store.end",
  summary: "Sign out; also when the session has ended already",
  ...BY_COOKIE,
  mutates: true,
  replies: {
    204: {
      description: "There is no such session any more",
      headers: { "Set-Cookie": "Makes the browser forget the cookie" },
    },
  },
  problems: WRITE_PROBLEMS,
} as const satisfies EndpointSpec;

export const ROTATE = {
  operation: "session-store.rotate",
  summary: "Get another cookie for the session",
  ...BY_COOKIE,
  mutates: true,
  body: RotateBody,
  isBodyOptional: true,
  replies: { 200: { description: "Rotated", schema: LifetimeReply, headers: SET_COOKIE } },
  problems: { ...WRITE_PROBLEMS, 503: ["redis_unavailable", "signing_secret_unknown"] },
} as const satisfies EndpointSpec;

const CART_REPLY = {
  200: {
    description: "The whole cart",
    schema: CartReply,
    headers: { ...ETAG, ...SUCCESSOR },
  },
};

const CART_PROBLEMS = {
  ...WRITE_PROBLEMS,
  409: ["cart_full"],
  412: ["precondition_failed"],
  413: ["too_large"],
} as const;

export const PUT_ARTICLE = {
  operation: "session-store.put-article",
  summary: "Set the quantity of an article in the cart",
  ...BY_COOKIE,
  mutates: true,
  params: SkuParams,
  body: QuantityBody,
  headers: [IF_MATCH],
  replies: CART_REPLY,
  problems: CART_PROBLEMS,
} as const satisfies EndpointSpec;

export const ADD_ARTICLE = {
  operation: "session-store.add-article",
  summary: "Add to the quantity of an article in the cart",
  ...BY_COOKIE,
  mutates: true,
  params: SkuParams,
  body: QuantityBody,
  headers: [IDEMPOTENCY_KEY, IF_MATCH],
  replies: {
    200: { ...CART_REPLY[200], headers: { ...CART_REPLY[200].headers, ...REPLAYED } },
  },
  problems: { ...CART_PROBLEMS, 422: ["quantity_range", "idempotency_mismatch"] },
} as const satisfies EndpointSpec;

export const REMOVE_ARTICLE = {
  operation: "session-store.remove-article",
  summary: "Take an article out of the cart, also when it is not in it",
  ...BY_COOKIE,
  mutates: true,
  params: SkuParams,
  headers: [IF_MATCH],
  replies: {
    204: { description: "It is not in the cart", headers: { ...ETAG, ...SUCCESSOR } },
  },
  problems: { ...WRITE_PROBLEMS, 412: ["precondition_failed"] },
} as const satisfies EndpointSpec;

export const LIST = {
  operation: "session-store.list",
  summary: "See where the user is signed in",
  ...BY_COOKIE,
  mutates: false,
  replies: {
    200: { description: "The user's sessions", schema: SessionsReply, headers: SUCCESSOR },
  },
  problems: READ_PROBLEMS,
} as const satisfies EndpointSpec;

export const END_ONE = {
  operation: "session-store.end-one",
  summary: "End another session of the user, also when there is none",
  ...BY_COOKIE,
  mutates: true,
  params: SessionParams,
  replies: {
    204: {
      description: "The user has no such session",
      headers: { "Set-Cookie": "Makes the browser forget the cookie, where it is its own session" },
    },
  },
  problems: WRITE_PROBLEMS,
} as const satisfies EndpointSpec;

export const END_OTHERS = {
  operation: "session-store.end-others",
  summary: "End every session of the user but this one",
  ...BY_COOKIE,
  mutates: true,
  replies: {
    200: { description: "How many have ended", schema: EndedReply, headers: SUCCESSOR },
  },
  problems: WRITE_PROBLEMS,
} as const satisfies EndpointSpec;
