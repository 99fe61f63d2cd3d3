import type { Cases } from "./case.ts";

const HASH_TTL = "Redis 7.4";

export const HASHES: Cases = {
  hdel: { call: (r) => r.hdel("h", "a", "none"), gives: 1 },
  hexists: { call: (r) => r.hexists("h", "a"), gives: 1 },
  hexpire: { call: (r) => r.hexpire("h", "a", 10), since: HASH_TTL },
  hexpireat: { call: (r) => r.hexpireat("h", "a", 4_000_000_000), since: HASH_TTL },
  hexpiretime: { call: (r) => r.hexpiretime("h", "a"), since: HASH_TTL },
  hget: { call: (r) => r.hget("h", "a"), gives: 1 },
  hgetall: { call: (r) => r.hgetall("h"), gives: { a: 1, b: "two" } },
  hgetdel: { call: (r) => r.hgetdel("h", "a"), since: "Redis 8.0" },
  hgetex: { call: (r) => r.hgetex("h", { ex: 10 }, "a"), since: "Redis 8.0" },
  hincrby: { call: (r) => r.hincrby("h", "a", 2), gives: 3 },
  hincrbyfloat: { call: (r) => r.hincrbyfloat("h", "a", 0.5), gives: 1.5 },
  hkeys: { call: (r) => r.hkeys("h"), gives: ["a", "b"], isUnordered: true },
  hlen: { call: (r) => r.hlen("h"), gives: 2 },
  hmget: { call: (r) => r.hmget("h", "a", "none"), gives: { a: 1, none: null } },
  hmset: { call: (r) => r.hmset("h", { c: 3 }), gives: "OK" },
  hpersist: { call: (r) => r.hpersist("h", "a"), since: HASH_TTL },
  hpexpire: { call: (r) => r.hpexpire("h", "a", 10_000), since: HASH_TTL },
  hpexpireat: { call: (r) => r.hpexpireat("h", "a", 4_000_000_000_000), since: HASH_TTL },
  hpexpiretime: { call: (r) => r.hpexpiretime("h", "a"), since: HASH_TTL },
  hpttl: { call: (r) => r.hpttl("h", "a"), since: HASH_TTL },
  hrandfield: { call: (r) => r.hrandfield("h", 5), gives: ["a", "b"], isUnordered: true },
  "hrandfield (withValues)": {
    call: (r) => r.hrandfield("h", 5, true),
    gives: { a: 1, b: "two" },
  },
  hscan: { call: (r) => r.hscan("h", 0, { match: "b" }), gives: ["0", ["b", "two"]] },
  hset: { call: (r) => r.hset("h", { a: 2, c: { d: 1 } }), gives: 1 },
  hsetex: { call: (r) => r.hsetex("h", { expiration: { ex: 10 } }, { a: 1 }), since: "Redis 8.0" },
  hsetnx: { call: (r) => r.hsetnx("h", "a", 2), gives: 0 },
  hstrlen: { call: (r) => r.hstrlen("h", "b"), gives: 3 },
  httl: { call: (r) => r.httl("h", "a"), since: HASH_TTL },
  hvals: { call: (r) => r.hvals("h"), gives: [1, "two"], isUnordered: true },
};

export const LISTS: Cases = {
  lindex: { call: (r) => r.lindex("l", -1), gives: "c" },
  linsert: { call: (r) => r.linsert("l", "before", "b", "x"), gives: 4 },
  llen: { call: (r) => r.llen("l"), gives: 3 },
  lmove: { call: (r) => r.lmove("l", "k", "left", "right"), gives: "a" },
  lmpop: { call: (r) => r.lmpop(2, ["none", "l"], "LEFT", 2), gives: ["l", ["a", "b"]] },
  lpop: { call: (r) => r.lpop("l"), gives: "a" },
  "lpop (count)": { call: (r) => r.lpop("l", 2), gives: ["a", "b"] },
  lpos: { call: (r) => r.lpos("l", "c"), gives: 2 },
  lpush: { call: (r) => r.lpush<unknown>("l", "x", { a: 1 }), gives: 5 },
  lpushx: { call: (r) => r.lpushx("none", "x"), gives: 0 },
  lrange: { call: (r) => r.lrange("l", 0, -1), gives: ["a", "b", "c"] },
  lrem: { call: (r) => r.lrem("l", 0, "b"), gives: 1 },
  lset: { call: (r) => r.lset("l", 0, "x"), gives: "OK" },
  ltrim: { call: (r) => r.ltrim("l", 1, 1), gives: "OK" },
  rpop: { call: (r) => r.rpop("l"), gives: "c" },
  rpush: { call: (r) => r.rpush("l", "x", "y"), gives: 5 },
  rpushx: { call: (r) => r.rpushx("l", "x"), gives: 4 },
};

const isMember = (value: unknown) => ["a", "b", "c"].includes(String(value));

export const SETS: Cases = {
  sadd: { call: (r) => r.sadd("s", "a", "x"), gives: 1 },
  scard: { call: (r) => r.scard("s"), gives: 3 },
  sdiff: { call: (r) => r.sdiff("s", "s2"), gives: ["a"] },
  sdiffstore: { call: (r) => r.sdiffstore("k", "s", "s2"), gives: 1 },
  sinter: { call: (r) => r.sinter("s", "s2"), gives: ["b", "c"], isUnordered: true },
  sintercard: { call: (r) => r.sintercard(["s", "s2"], { limit: 1 }), gives: 1 },
  sinterstore: { call: (r) => r.sinterstore("k", "s", "s2"), gives: 2 },
  sismember: { call: (r) => r.sismember("s", "a"), gives: 1 },
  smembers: { call: (r) => r.smembers("s"), gives: ["a", "b", "c"], isUnordered: true },
  smismember: { call: (r) => r.smismember("s", ["a", "x"]), gives: [1, 0] },
  smove: { call: (r) => r.smove("s", "s2", "a"), gives: 1 },
  spop: { call: (r) => r.spop("s"), accepts: isMember },
  srandmember: { call: (r) => r.srandmember("s"), accepts: isMember },
  srem: { call: (r) => r.srem("s", "a", "x"), gives: 1 },
  sscan: { call: (r) => r.sscan("s", 0, { match: "a" }), gives: ["0", ["a"]] },
  sunion: { call: (r) => r.sunion("s", "s2"), gives: ["a", "b", "c", "d"], isUnordered: true },
  sunionstore: { call: (r) => r.sunionstore("k", "s", "s2"), gives: 4 },
};

export const GEO: Cases = {
  geoadd: {
    call: (r) => r.geoadd("geo", { longitude: 1, latitude: 2, member: "x" }),
    gives: 1,
  },
  geodist: { call: (r) => r.geodist("geo", "Palermo", "Catania", "KM"), gives: 166.2742 },
  geohash: { call: (r) => r.geohash("geo", "Palermo", "none"), gives: ["sqc8b49rny0", null] },
  geopos: {
    call: (r) => r.geopos("geo", "Palermo"),
    gives: [{ lng: 13.361389338970184, lat: 38.1155563954963 }],
  },
  geosearch: {
    call: (r) =>
      r.geosearch(
        "geo",
        { type: "FROMMEMBER", member: "Palermo" },
        { type: "BYRADIUS", radius: 200, radiusType: "KM" },
        "ASC",
        { withDist: true },
      ),
    gives: [
      { member: "Palermo", dist: 0 },
      { member: "Catania", dist: 166.2742 },
    ],
  },
  geosearchstore: {
    call: (r) =>
      r.geosearchstore(
        "k",
        "geo",
        { type: "FROMLONLAT", coordinate: { lon: 15, lat: 37 } },
        { type: "BYBOX", rect: { width: 400, height: 400 }, rectType: "KM" },
        "ASC",
      ),
    gives: 2,
  },
};
