import type { SessionAccess } from "./access.ts";
import type { Change } from "./changes.ts";
import {
  type CookieContext,
  forgetCookie,
  openCookie,
  type SessionCookie,
  setCookie,
} from "./cookie.ts";
import { type Ended, endSession } from "./end.ts";
import { encodeFields } from "./fields.ts";
import type { Session } from "./record.ts";
import { type Rotated, type RotationReason, rotateSession } from "./rotate.ts";

const FIELD = /^[A-Za-z0-9._~:@-]{1,128}$/;

/**
 * The session of the request that is being served. Fields are changed in memory; the middleware stores them
 * together. Rotating and ending take effect at once, one trip each.
 */
export class CurrentSession {
  readonly publicId: string;
  readonly userId: string;
  readonly createdAtMs: number;
  readonly absoluteExpiresAtMs: number;
  readonly #access: SessionAccess;
  readonly #fields: Map<string, string>;
  readonly #changed = new Set<string>();
  #cookie: SessionCookie;
  /** To be sent with the reply; null for nothing. */
  #next: string | null;
  #isEnded = false;

  constructor(
    access: SessionAccess,
    cookie: SessionCookie,
    found: { readonly session: Session; readonly cookie: string | null },
  ) {
    this.#access = access;
    this.#cookie = cookie;
    this.#next = found.cookie;
    this.#fields = new Map(found.session.data);
    this.publicId = found.session.publicId;
    this.userId = found.session.userId;
    this.createdAtMs = found.session.createdAtMs;
    this.absoluteExpiresAtMs = found.session.absoluteExpiresAtMs;
  }

  /** A copy of the value; undefined when there is no such field. */
  get(field: string): unknown {
    const json = this.#fields.get(field);
    return json === undefined ? undefined : JSON.parse(json);
  }

  /** @throws TypeError when the name or the value is not one that a session can hold */
  set(field: string, value: unknown): void {
    if (!FIELD.test(field)) throw new TypeError("a field is 1 to 128 of A-Z a-z 0-9 . _ ~ : @ -");
    this.#fields.set(field, jsonOf(value));
    this.#changed.add(field);
  }

  unset(field: string): void {
    if (this.#fields.delete(field)) this.#changed.add(field);
  }

  /**
   * Another cookie for the same session, sent with the reply. With `login`, where privileges change, the one
   * that was sent ends at once.
   */
  async rotate(reason: RotationReason): Promise<Rotated["kind"]> {
    const rotated = await rotateSession(this.#access, this.#cookie, reason);
    if (rotated.kind !== "rotated") return rotated.kind;
    this.#next = rotated.cookie;
    this.#cookie = openCookie(rotated.cookie, this.#access) ?? this.#cookie;
    return rotated.kind;
  }

  /**
   * Signs out. What was changed and not stored is gone. With `left_behind` nothing is: somebody has logged in with
   * this session meanwhile.
   */
  async end(): Promise<Ended["kind"]> {
    const { kind } = await endSession(this.#access, this.#cookie);
    this.#isEnded = kind !== "left_behind";
    return kind;
  }

  /** With which the session is reached from now on. */
  get cookie(): SessionCookie {
    return this.#cookie;
  }

  /** What is still to be stored. */
  changes(): Change[] {
    if (this.#isEnded) return [];
    return [...this.#changed].map((field): Change => {
      const value = this.#fields.get(field);
      const name = `d:${field}` as const;
      return value === undefined ? { kind: "unset", name } : { kind: "set", name, value };
    });
  }

  /** What the reply must carry, if anything. */
  setCookie(context: CookieContext): string | null {
    if (this.#isEnded) return forgetCookie(context);
    const { absoluteMs } = this.#access.policy;
    return this.#next === null ? null : setCookie(context, this.#next, absoluteMs);
  }
}

function jsonOf(value: unknown): string {
  const encoded = encodeFields([["value", value]]);
  const json = encoded.kind === "fields" ? encoded.fields[0]?.[1] : undefined;
  if (json === undefined) throw new TypeError("a field holds a JSON value");
  return json;
}
