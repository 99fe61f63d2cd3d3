import type { Redis } from "@upstash/redis";
import type { Cases } from "./case.ts";
import { LIBRARY, SEEDED_KEYS } from "./seed.ts";

export const KEYS: Cases = {
  copy: { call: (r) => r.copy("text", "k"), gives: "COPIED" },
  dbsize: { call: (r) => r.dbsize(), gives: SEEDED_KEYS.length },
  del: { call: (r) => r.del("text", "none", "n"), gives: 2 },
  exists: { call: (r) => r.exists("text", "none", "n"), gives: 2 },
  expire: { call: (r) => r.expire("text", 100), gives: 1 },
  "expire (nx)": { call: (r) => r.expire("text", 100, "NX"), gives: 1 },
  expireat: { call: (r) => r.expireat("text", 4_000_000_000), gives: 1 },
  flushall: { call: (r) => r.flushall(), gives: "OK" },
  "flushall (async)": { call: (r) => r.flushall([{ async: true }]), gives: "OK" },
  flushdb: { call: (r) => r.flushdb(), gives: "OK" },
  keys: { call: (r) => r.keys("*"), gives: SEEDED_KEYS, isUnordered: true },
  persist: { call: (r) => r.persist("text"), gives: 0 },
  pexpire: { call: (r) => r.pexpire("text", 100_000), gives: 1 },
  pexpireat: { call: (r) => r.pexpireat("text", 4_000_000_000_000), gives: 1 },
  pttl: { call: (r) => r.pttl("text"), gives: -1 },
  randomkey: {
    call: (r) => r.randomkey(),
    accepts: (value) => typeof value === "string" && SEEDED_KEYS.includes(value),
  },
  rename: { call: (r) => r.rename("text", "k"), gives: "OK" },
  renamenx: { call: (r) => r.renamenx("text", "n"), gives: 0 },
  scan: { call: (r) => r.scan(0, { match: "tex*", count: 1_000 }), gives: ["0", ["text"]] },
  "scan (type)": { call: (r) => r.scan("0", { type: "geo", count: 1_000 }), gives: ["0", []] },
  "scan (withType)": { call: (r) => r.scan(0, { withType: true }), since: "Upstash" },
  touch: { call: (r) => r.touch("text", "none"), gives: 1 },
  ttl: { call: (r) => r.ttl("none"), gives: -2 },
  type: { call: (r) => r.type("x"), gives: "stream" },
  unlink: { call: (r) => r.unlink("text", "none"), gives: 1 },
};

export const SUBSCRIPTIONS: Cases = {
  subscribe: {
    call: (r) => subscriptions(r.subscribe("chat"), "subscribe"),
    gives: 1,
    isAloneOnly: true,
  },
  psubscribe: {
    call: (r) => subscriptions(r.psubscribe("ch*"), "psubscribe"),
    gives: 1,
    isAloneOnly: true,
  },
};

type Subscriber = ReturnType<Redis["subscribe"]>;

/** How many subscriptions Redis counts for it. */
async function subscriptions(subscriber: Subscriber, event: "subscribe" | "psubscribe") {
  const count = await new Promise<unknown>((resolve, reject) => {
    subscriber.on(event, resolve);
    subscriber.on("error", reject);
  });
  await subscriber.unsubscribe();
  return count;
}

export const SERVER: Cases = {
  clientSetinfo: { call: (r) => r.clientSetinfo("LIB-NAME", "x"), since: "Redis 7.2" },
  echo: { call: (r) => r.echo("hi"), gives: "hi" },
  exec: { call: (r) => r.exec(["GET", "text"]), gives: "Hello", isAloneOnly: true },
  ping: { call: (r) => r.ping(), gives: "PONG" },
  publish: { call: (r) => r.publish("nobody", { a: 1 }), gives: 0 },
  time: {
    call: (r) => r.time(),
    accepts: (value) => Array.isArray(value) && Number(value[0]) > 1_700_000_000,
  },
};

const SCRIPT = "return {KEYS[1], ARGV[1], redis.call('GET', KEYS[1])}";
/** SHA-1 of `return 1`, and of no script at all. */
const ONE_SHA = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
const NO_SHA = "ffffffffffffffffffffffffffffffffffffffff";
export const SCRIPTS: Cases = {
  createScript: {
    call: (r) => r.createScript(`#!lua flags=allow-key-locking\n${SCRIPT}`).exec(["n"], ["x"]),
    gives: ["n", "x", 10],
    isAloneOnly: true,
  },
  "createScript (readonly)": {
    call: (r) =>
      r
        .createScript(`#!lua flags=no-writes,allow-key-locking\n${SCRIPT}`, { readonly: true })
        .exec(["n"], ["x"]),
    gives: ["n", "x", 10],
    isAloneOnly: true,
  },
  eval: { call: (r) => r.eval(SCRIPT, ["n"], ["x"]), gives: ["n", "x", 10] },
  evalRo: { call: (r) => r.evalRo(SCRIPT, ["n"], ["x"]), gives: ["n", "x", 10] },
  scriptLoad: { call: (r) => r.scriptLoad("return 1"), gives: ONE_SHA },
  scriptExists: { call: (r) => r.scriptExists(ONE_SHA, NO_SHA), gives: [1, 0] },
  evalsha: { call: (r) => r.evalsha(ONE_SHA, [], []), gives: 1 },
  evalshaRo: { call: (r) => r.evalshaRo(ONE_SHA, [], []), gives: 1 },
  scriptFlush: { call: (r) => r.scriptFlush({ sync: true }), gives: "OK" },
  "functions.load": {
    call: (r) => r.functions.load({ code: LIBRARY, replace: true }),
    gives: "lib",
  },
  "functions.list": {
    call: (r) => r.functions.list({ libraryName: "l*", withCode: true }),
    gives: [
      {
        libraryName: "lib",
        engine: "LUA",
        functions: [{ name: "f", flags: ["no-writes"] }],
        libraryCode: LIBRARY,
      },
    ],
  },
  "functions.call": { call: (r) => r.functions.call("f", ["k"], ["a"]), gives: ["k", "a"] },
  "functions.callRo": { call: (r) => r.functions.callRo("f", ["k"], ["a"]), gives: ["k", "a"] },
  "functions.stats": {
    call: (r) => r.functions.stats(),
    gives: { engines: { LUA: { librariesCount: 1, functionsCount: 1 } } },
  },
  "functions.delete": { call: (r) => r.functions.delete("lib"), gives: "OK" },
  "functions.flush": { call: (r) => r.functions.flush(), gives: "OK" },
};
