import type { Redis } from "@upstash/redis";
import type { Cases } from "./case.ts";

/** The SDK's type asks for its constructor's arguments here; its method takes the key. */
function bitfield(client: Redis, key: string): ReturnType<Redis["bitfield"]> {
  const method = client.bitfield as unknown as (key: string) => ReturnType<Redis["bitfield"]>;
  return method(key);
}

export const STRINGS: Cases = {
  append: { call: (r) => r.append("text", "!"), gives: 6 },
  decr: { call: (r) => r.decr("n"), gives: 9 },
  decrby: { call: (r) => r.decrby("n", 4), gives: 6 },
  get: { call: (r) => r.get("text"), gives: "Hello" },
  getdel: { call: (r) => r.getdel("n"), gives: 10 },
  getex: { call: (r) => r.getex("text", { ex: 100 }), gives: "Hello" },
  getrange: { call: (r) => r.getrange("text", 1, 3), gives: "ell" },
  getset: { call: (r) => r.getset("text", { a: 1 }), gives: "Hello" },
  incr: { call: (r) => r.incr("n"), gives: 11 },
  incrby: { call: (r) => r.incrby("n", 32), gives: 42 },
  incrbyfloat: { call: (r) => r.incrbyfloat("f", 0.25), gives: 1.75 },
  mget: { call: (r) => r.mget("text", "none", "n"), gives: ["Hello", null, 10] },
  mset: { call: (r) => r.mset({ a: 1, b: { c: 2 } }), gives: "OK" },
  msetnx: { call: (r) => r.msetnx({ a: 1, text: 2 }), gives: 0 },
  psetex: { call: (r) => r.psetex("k", 1_000, "v"), gives: "OK" },
  set: { call: (r) => r.set("k", { a: [1, "é"] }), gives: "OK" },
  "set (nx)": { call: (r) => r.set("text", "v", { nx: true }), gives: null },
  "set (xx, ex)": { call: (r) => r.set("text", "v", { xx: true, ex: 10 }), gives: "OK" },
  "set (get, px)": { call: (r) => r.set("n", 5, { get: true, px: 10_000 }), gives: 10 },
  "set (keepTtl)": { call: (r) => r.set("n", 5, { keepTtl: true }), gives: "OK" },
  "set (exat)": { call: (r) => r.set("n", 5, { exat: 4_000_000_000 }), gives: "OK" },
  setex: { call: (r) => r.setex("k", 10, "v"), gives: "OK" },
  setnx: { call: (r) => r.setnx("text", "v"), gives: 0 },
  setrange: { call: (r) => r.setrange("text", 1, "a"), gives: 5 },
  strlen: { call: (r) => r.strlen("text"), gives: 5 },
};

export const BITS: Cases = {
  bitcount: { call: (r) => r.bitcount("text", 0, -1), gives: 20 },
  bitfield: {
    call: (r) => bitfield(r, "text").get("u8", 0).incrby("u8", "#1", 1).exec(),
    gives: [72, 102],
    isNotAutoPipelined: true,
  },
  bitop: { call: (r) => r.bitop("and", "k", "text", "bits"), gives: 5 },
  "bitop (not)": { call: (r) => r.bitop("not", "k", "bits"), gives: 1 },
  "bitop (diff)": { call: (r) => r.bitop("diff", "k", "text", "bits"), since: "Redis 8.2" },
  bitpos: { call: (r) => r.bitpos("bits", 1), gives: 7 },
  getbit: { call: (r) => r.getbit("bits", 7), gives: 1 },
  setbit: { call: (r) => r.setbit("bits", 7, 0), gives: 1 },
};

export const HYPERLOGLOGS: Cases = {
  pfadd: { call: (r) => r.pfadd("hll", "d"), gives: 1 },
  pfcount: { call: (r) => r.pfcount("hll", "hll2"), gives: 4 },
  pfmerge: { call: (r) => r.pfmerge("k", "hll", "hll2"), gives: "OK" },
};
