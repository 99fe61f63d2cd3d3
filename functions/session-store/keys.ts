import { shortHash } from "../../shared/kernel/short-hash.ts";
import { type KeySpace, storeKey } from "../../shared/redis/keys.ts";

/** Of whom a session is: the deployment and the tenant. */
export type SessionSpace = Pick<KeySpace, "instance" | "tenant">;

/** What a cookie says of whose session it is. */
export interface SessionName {
  readonly userHash: string;
  readonly publicId: string;
}

/** Every key that one session needs. */
export interface SessionKeys {
  /** hash: one field for each fact, see record.ts. */
  readonly session: string;
  /** hash: `epoch`, and for each session of the user `s:<publicId>`, see devices.ts. */
  readonly user: string;
  /** string: what a write was told, kept until no copy of it can arrive any more. */
  operation(id: string): string;
}

export function sessionKeys(space: SessionSpace, { userHash, publicId }: SessionName): SessionKeys {
  const session = storeKey(spaceOf(space), "session", publicId);
  return {
    session,
    user: storeKey(spaceOf(space), "user", userHash),
    operation: (id) => `${session}:operation:${id}`,
  };
}

/** Where the answer to a creation is kept: it names no session yet. */
export function creationKey(space: SessionSpace, id: string): string {
  return `${storeKey(spaceOf(space), "creation")}:${id}`;
}

/** A user as the cookie and the keys know them: of fixed length, whatever their id is. */
export function userHashOf(userId: string): string {
  return shortHash(userId);
}

function spaceOf({ instance, tenant }: SessionSpace): KeySpace {
  return { instance, pattern: "session-store", node: null, tenant };
}
