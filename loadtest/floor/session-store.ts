/**
 * @module
 * The floor of the session store: the cookie is taken apart and believed, and the same scripts are called.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { Hono } from "hono";
import { sessionKeys } from "../../functions/session-store/keys.ts";
import readSource from "../../functions/session-store/read.lua";
import updateSource from "../../functions/session-store/update.lua";
import { type FloorEnv, redisOf, sha1Of } from "./store.ts";

const READ_SHA = sha1Of(readSource);
const UPDATE_SHA = sha1Of(updateSource);

/** What the pattern sends for a write, in the same places and of the same size. */
const WRITE_EXPIRES_MS = 1_900;
const ANSWER_MS = 1_000;
const NONCE_CHARACTERS = 22;
const BOUNDS = [1_800_000, 16_384, 1_024, 100, 999] as const;

export const sessionStoreFloor = new Hono<{ Bindings: FloorEnv }>()
  .get("/session", async (c) => {
    const { keys, hash } = sessionOf(c.env, c.req.header("Cookie"));
    const [, , , flat] = await redisOf(c.env).exec<[string, number, string, string[]]>([
      "EVALSHA_RO",
      ...[READ_SHA, 2, keys.session, keys.user, hash],
    ]);
    return c.json({ fields: flat });
  })
  .patch("/session", async (c) => {
    const { set } = await c.req.json<{ set: Record<string, unknown> }>();
    const { keys, hash } = sessionOf(c.env, c.req.header("Cookie"));
    const expiresAtMs = Date.now() + WRITE_EXPIRES_MS;
    const nonce = crypto.randomUUID().slice(0, NONCE_CHARACTERS);
    const [, answer] = await redisOf(c.env).exec<[string, string]>([
      "EVALSHA",
      ...[UPDATE_SHA, 3, keys.operation(`worker-${nonce}`), keys.session, keys.user],
      ...[hash, expiresAtMs, expiresAtMs + ANSWER_MS, expiresAtMs + ANSWER_MS, "-", nonce, ""],
      ...[...BOUNDS, ""],
      ...Object.entries(set).flatMap(([field, value]) => [
        "set",
        `d:${field}`,
        JSON.stringify(value),
      ]),
    ]);
    return c.json({ answer });
  });

function sessionOf({ INSTANCE, TENANT }: FloorEnv, cookie = "") {
  const [, , , userHash = "", publicId = "", token = ""] = cookie.split("+");
  const keys = sessionKeys({ instance: INSTANCE, tenant: TENANT }, { userHash, publicId });
  return { keys, hash: bytesToHex(sha256(utf8ToBytes(token))) };
}
