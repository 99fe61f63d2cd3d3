/**
 * @module
 * A session as the store keeps it: one hash, one field for each fact, so that edits of different facts never
 * meet.
 *
 *     d:<field>        JSON text
 *     c:<sku>          quantity
 *     p:<token hash>   `<works until, ms> <kid of the successor>`: a token before the present one
 *     m:token          hash of the present token
 *     m:public m:user m:epoch m:created m:seen m:until m:absolute     who, and how long; ms since 1970
 *     m:version        counts changes of fields and cart
 *     m:bytes m:fields m:skus     what the fields and the cart take
 */
import type { RedisReply } from "../../shared/redis/port.ts";
import { integer, list, MalformedReply, text } from "../../shared/redis/reply.ts";

export interface Session {
  readonly publicId: string;
  readonly userId: string;
  /** Field to JSON text, in order of the names. */
  readonly data: readonly (readonly [field: string, json: string])[];
  /** SKU to quantity, in order of the SKUs. */
  readonly cart: readonly CartLine[];
  readonly version: string;
  readonly createdAtMs: number;
  /** True to half of the idle limit. */
  readonly lastSeenAtMs: number;
  readonly idleExpiresAtMs: number;
  readonly absoluteExpiresAtMs: number;
}

export type CartLine = readonly [sku: string, quantity: number];

/** @throws MalformedReply when a fact is missing */
export function sessionOf(flat: RedisReply | undefined): Session {
  const facts = new Map<string, string>();
  const data: [string, string][] = [];
  const cart: [string, number][] = [];
  for (const [name, value] of fieldPairs(flat)) {
    const rest = name.slice(2);
    if (name.startsWith("d:")) data.push([rest, value]);
    else if (name.startsWith("c:")) cart.push([rest, integer(value)]);
    else if (name.startsWith("m:")) facts.set(rest, value);
  }
  const fact = (name: string) => text(facts.get(name));
  return {
    publicId: fact("public"),
    userId: fact("user"),
    data: data.sort(byName),
    cart: cart.sort(byName),
    version: fact("version"),
    createdAtMs: integer(fact("created")),
    lastSeenAtMs: integer(fact("seen")),
    idleExpiresAtMs: integer(fact("until")),
    absoluteExpiresAtMs: integer(fact("absolute")),
  };
}

/** A hash as Redis tells it, two by two. */
export function fieldPairs(flat: RedisReply | undefined): [string, string][] {
  const texts = list(flat).map(text);
  if (texts.length % 2 === 1) throw new MalformedReply();
  return Array.from({ length: texts.length / 2 }, (_, i) => [
    texts[2 * i] ?? "",
    texts[2 * i + 1] ?? "",
  ]);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
