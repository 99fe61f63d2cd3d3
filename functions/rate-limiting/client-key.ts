/**
 * @module
 * Whom a limit counts: the API key, else the user, else the address that the edge saw.
 *
 * `X-Forwarded-For` is never read, because whoever sends a request may write it. An IPv6 address counts by
 * its first 64 bits: one subscriber has at least that many (RFC 6177).
 */
export interface Client {
  /** Public name of a key that has been verified: unverified ones would give each guess a limit of its own. */
  readonly apiKey?: string | undefined;
  /** Of a session that has been verified. */
  readonly user?: string | undefined;
  /** `CF-Connecting-IP`. */
  readonly address?: string | undefined;
}

/** Clients without any of them share one limit. */
export function clientKey({ apiKey, user, address }: Client): string {
  if (apiKey !== undefined) return `key:${apiKey}`;
  if (user !== undefined) return `user:${user}`;
  return `ip:${address === undefined ? "-" : network(address)}`;
}

const IPV4_IN_IPV6 = /^(?:0{0,4}:)*:?ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** An IPv4 address as it is, an IPv6 address as its /64. */
function network(address: string): string {
  if (!address.includes(":")) return address;
  const v4 = IPV4_IN_IPV6.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  const [head = "", tail] = address.toLowerCase().split("::", 2);
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  const all = [...left, ...(tail === undefined ? [] : zeros), ...right];
  return `${all.slice(0, 4).join(":")}::/64`;
}

function groups(text: string): string[] {
  return text === "" ? [] : text.split(":").map((group) => group.replace(/^0+(?=.)/, ""));
}
