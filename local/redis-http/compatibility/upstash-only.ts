/** Commands that no Redis 7.0 has, with arguments that are valid where they exist. */
import type { Cases } from "./case.ts";

const since = "Upstash";

export const ARRAYS: Cases = {
  arcount: { call: (r) => r.arcount("k"), since },
  ardel: { call: (r) => r.ardel("k", 0), since },
  ardelrange: { call: (r) => r.ardelrange("k", [0, 1]), since },
  arget: { call: (r) => r.arget("k", 0), since },
  argetrange: { call: (r) => r.argetrange("k", 0, 1), since },
  argrep: {
    call: (r) => r.argrep("k", 0, 1, { predicates: [{ exact: "a" }] }),
    since,
  },
  arinfo: { call: (r) => r.arinfo("k"), since },
  arinsert: { call: (r) => r.arinsert("k", "a"), since },
  arlastitems: { call: (r) => r.arlastitems("k", 1), since },
  arlen: { call: (r) => r.arlen("k"), since },
  armget: { call: (r) => r.armget("k", 0, 1), since },
  armset: { call: (r) => r.armset("k", { 0: "a" }), since },
  arnext: { call: (r) => r.arnext("k"), since },
  arop: { call: (r) => r.arop("k", 0, 1, "sum"), since },
  arring: { call: (r) => r.arring("k", 3, "a"), since },
  arscan: { call: (r) => r.arscan("k", 0, 1), since },
  arseek: { call: (r) => r.arseek("k", 0), since },
  arset: { call: (r) => r.arset("k", 0, "a"), since },
};

const json = "Redis 8.0";

export const JSON_DOCUMENTS: Cases = {
  "json.arrappend": { call: (r) => r.json.arrappend("k", "$.a", 1), since: json },
  "json.arrindex": { call: (r) => r.json.arrindex("k", "$.a", 1), since: json },
  "json.arrinsert": { call: (r) => r.json.arrinsert("k", "$.a", 0, 1), since: json },
  "json.arrlen": { call: (r) => r.json.arrlen("k", "$.a"), since: json },
  "json.arrpop": { call: (r) => r.json.arrpop("k", "$.a"), since: json },
  "json.arrtrim": { call: (r) => r.json.arrtrim("k", "$.a", 0, 1), since: json },
  "json.clear": { call: (r) => r.json.clear("k"), since: json },
  "json.del": { call: (r) => r.json.del("k", "$.a"), since: json },
  "json.forget": { call: (r) => r.json.forget("k", "$.a"), since: json },
  "json.get": { call: (r) => r.json.get("k", "$"), since: json },
  "json.merge": { call: (r) => r.json.merge("k", "$", { a: 1 }), since: json },
  "json.mget": { call: (r) => r.json.mget(["k"], "$"), since: json },
  "json.mset": { call: (r) => r.json.mset({ key: "k", path: "$", value: { a: 1 } }), since: json },
  "json.numincrby": { call: (r) => r.json.numincrby("k", "$.a", 1), since: json },
  "json.nummultby": { call: (r) => r.json.nummultby("k", "$.a", 2), since: json },
  "json.objkeys": { call: (r) => r.json.objkeys("k"), since: json },
  "json.objlen": { call: (r) => r.json.objlen("k"), since: json },
  "json.resp": { call: (r) => r.json.resp("k"), since: json },
  "json.set": { call: (r) => r.json.set("k", "$", { a: 1 }), since: json },
  "json.strappend": { call: (r) => r.json.strappend("k", "$.a", "x"), since: json },
  "json.strlen": { call: (r) => r.json.strlen("k", "$.a"), since: json },
  "json.toggle": { call: (r) => r.json.toggle("k", "$.a"), since: json },
  "json.type": { call: (r) => r.json.type("k", "$.a"), since: json },
};

export const INDEXES: Cases = {
  "search.alias": { call: (r) => r.search.alias.list(), since, isAloneOnly: true },
  "search.createIndex": {
    call: (r) =>
      r.search.createIndex({
        name: "i",
        prefix: "k",
        dataType: "hash",
        schema: { name: "TEXT" },
      }),
    since,
    isAloneOnly: true,
  },
  "search.index": {
    call: (r) => r.search.index({ name: "i" }).describe(),
    since,
    isAloneOnly: true,
  },
  "vector.createIndex": {
    call: (r) => r.vector.createIndex({ name: "i", dimension: 2, metric: "COSINE" }),
    since,
    isAloneOnly: true,
  },
  "vector.index": { call: (r) => r.vector.index("i").info(), since, isAloneOnly: true },
};
