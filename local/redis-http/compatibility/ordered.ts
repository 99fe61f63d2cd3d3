import type { Cases } from "./case.ts";

export const SORTED_SETS: Cases = {
  zadd: {
    call: (r) => r.zadd("z", { score: 9, member: "a" }, { score: 4, member: "d" }),
    gives: 1,
  },
  "zadd (gt, ch)": {
    call: (r) => r.zadd("z", { gt: true, ch: true }, { score: 9, member: "a" }),
    gives: 1,
  },
  "zadd (incr)": {
    call: (r) => r.zadd("z", { incr: true }, { score: 1.5, member: "a" }),
    gives: 2.5,
  },
  zcard: { call: (r) => r.zcard("z"), gives: 3 },
  zcount: { call: (r) => r.zcount("z", "(1", "+inf"), gives: 2 },
  zdiffstore: { call: (r) => r.zdiffstore("k", 2, "z", "z2"), gives: 1 },
  zincrby: { call: (r) => r.zincrby("z", 1.5, "a"), gives: 2.5 },
  zinterstore: { call: (r) => r.zinterstore("k", 2, ["z", "z2"], { aggregate: "sum" }), gives: 2 },
  zlexcount: { call: (r) => r.zlexcount("lex", "[a", "(c"), gives: 2 },
  zmscore: { call: (r) => r.zmscore("z", ["a", "none"]), gives: [1, null] },
  zpopmax: { call: (r) => r.zpopmax("z", 2), gives: ["c", 3, "b", 2] },
  zpopmin: { call: (r) => r.zpopmin("z"), gives: ["a", 1] },
  zrange: { call: (r) => r.zrange("z", 0, -1), gives: ["a", "b", "c"] },
  "zrange (byScore, rev, withScores)": {
    call: (r) => r.zrange("z", "+inf", "(1", { byScore: true, rev: true, withScores: true }),
    gives: ["c", 3, "b", 2],
  },
  "zrange (byLex, offset)": {
    call: (r) => r.zrange("lex", "[a", "+", { byLex: true, offset: 1, count: 1 }),
    gives: ["b"],
  },
  zrank: { call: (r) => r.zrank("z", "c"), gives: 2 },
  zrem: { call: (r) => r.zrem("z", "a", "none"), gives: 1 },
  zremrangebylex: { call: (r) => r.zremrangebylex("lex", "-", "(c"), gives: 2 },
  zremrangebyrank: { call: (r) => r.zremrangebyrank("z", 0, 1), gives: 2 },
  zremrangebyscore: { call: (r) => r.zremrangebyscore("z", 2, "+inf"), gives: 2 },
  zrevrank: { call: (r) => r.zrevrank("z", "c"), gives: 0 },
  zscan: { call: (r) => r.zscan("z", 0, { match: "b" }), gives: ["0", ["b", 2]] },
  zscore: { call: (r) => r.zscore("z", "b"), gives: 2 },
  zunion: {
    call: (r) => r.zunion(2, ["z", "z2"], { withScores: true }),
    gives: ["a", 1, "b", 12, "c", 23, "d", 30],
  },
  zunionstore: { call: (r) => r.zunionstore("k", 2, ["z", "z2"], { weights: [1, 2] }), gives: 4 },
};

const ENTRY_1 = ["1-1", ["f", "v"]];
const ENTRY_2 = ["2-1", ["f", "w"]];

export const STREAMS: Cases = {
  xack: { call: (r) => r.xack("x", "g", "1-1"), gives: 1 },
  xackdel: { call: (r) => r.xackdel("x", "g", "KEEPREF", "1-1"), since: "Redis 8.2" },
  xadd: { call: (r) => r.xadd("x", "3-1", { f: 1 }), gives: "3-1" },
  "xadd (trim)": {
    call: (r) =>
      r.xadd("x", "3-1", { f: 1 }, { trim: { type: "MAXLEN", threshold: 1, comparison: "=" } }),
    gives: "3-1",
  },
  xautoclaim: {
    call: (r) => r.xautoclaim("x", "g", "other", 0, "0-0", { count: 1 }),
    gives: ["0-0", [ENTRY_1], []],
  },
  xclaim: { call: (r) => r.xclaim("x", "g", "other", 0, "1-1"), gives: [ENTRY_1] },
  xdel: { call: (r) => r.xdel("x", ["1-1", "9-9"]), gives: 1 },
  xdelex: { call: (r) => r.xdelex("x", "KEEPREF", "1-1"), since: "Redis 8.2" },
  xgroup: { call: (r) => r.xgroup("x", { type: "CREATE", group: "new", id: "$" }), gives: "OK" },
  "xgroup (createconsumer)": {
    call: (r) => r.xgroup("x", { type: "CREATECONSUMER", group: "g", consumer: "d" }),
    gives: 1,
  },
  xinfo: {
    call: (r) => r.xinfo("x", { type: "GROUPS" }),
    gives: [
      [
        ...["name", "g", "consumers", 1, "pending", 1, "last-delivered-id", "1-1"],
        ...["entries-read", 1, "lag", 1],
      ],
    ],
  },
  "xinfo (consumers)": {
    call: (r) => r.xinfo("x", { type: "CONSUMERS", group: "g" }),
    accepts: (value) => JSON.stringify(value).startsWith('[["name","c","pending",1,"idle",'),
  },
  xlen: { call: (r) => r.xlen("x"), gives: 2 },
  xpending: {
    call: (r) => r.xpending("x", "g", "-", "+", 10),
    accepts: (value) => /^\[\["1-1","c",\d+,1\]\]$/.test(JSON.stringify(value)),
  },
  xrange: { call: (r) => r.xrange("x", "-", "+", 1), gives: { "1-1": { f: "v" } } },
  xread: { call: (r) => r.xread("x", "1-1"), gives: [["x", [ENTRY_2]]] },
  "xread (blockMS)": { call: (r) => r.xread("x", "1-1", { blockMS: 10 }), since: "TCP" },
  xreadgroup: {
    call: (r) => r.xreadgroup("g", "c", "x", ">", { count: 5 }),
    gives: [["x", [ENTRY_2]]],
  },
  xrevrange: { call: (r) => r.xrevrange("x", "+", "-", 1), gives: { "2-1": { f: "w" } } },
  xtrim: {
    call: (r) => r.xtrim("x", { strategy: "MAXLEN", threshold: 1, exactness: "=" }),
    gives: 1,
  },
};
