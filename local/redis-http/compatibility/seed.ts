export const LIBRARY =
  "#!lua name=lib\nredis.register_function{function_name='f', flags={'no-writes'}, callback=function(keys, args) return {keys[1], args[1]} end}";

/** What every case finds: each data type under a short name. Sent through RESP, not through redis-http. */
export const SEED: readonly (readonly string[])[] = [
  ["MSET", "text", "Hello", "n", "10", "f", "1.5"],
  ["HSET", "h", "a", "1", "b", "two"],
  ["RPUSH", "l", "a", "b", "c"],
  ["SADD", "s", "a", "b", "c"],
  ["SADD", "s2", "b", "c", "d"],
  ["ZADD", "z", "1", "a", "2", "b", "3", "c"],
  ["ZADD", "z2", "10", "b", "20", "c", "30", "d"],
  ["ZADD", "lex", "0", "a", "0", "b", "0", "c"],
  ["XADD", "x", "1-1", "f", "v"],
  ["XADD", "x", "2-1", "f", "w"],
  ["XGROUP", "CREATE", "x", "g", "0"],
  ["XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "x", ">"],
  ["GEOADD", "geo", "13.361389", "38.115556", "Palermo", "15.087269", "37.502669", "Catania"],
  ["PFADD", "hll", "a", "b", "c"],
  ["PFADD", "hll2", "c", "d"],
  ["SETBIT", "bits", "7", "1"],
  ["SCRIPT", "LOAD", "return 1"],
  ["FUNCTION", "LOAD", "REPLACE", LIBRARY],
];

export const SEEDED_KEYS = [
  ...["bits", "f", "geo", "h", "hll", "hll2", "l", "lex", "n"],
  ...["s", "s2", "text", "x", "z", "z2"],
];
