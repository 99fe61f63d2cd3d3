/**
 * @module
 * Which keys may a script with `allow-key-locking` touch? Only those in KEYS: Upstash locks these and
 * refuses any other. Plain Redis does not check, so the script gets a `redis` that does.
 *
 * 1. The guard stands on one line before the script's own second line: line numbers stay.
 * 2. An error of a guarded call reads as Redis words it, with the line of the script that made the call.
 * 3. What a guarded call does and returns is what `redis.call` and `redis.pcall` do and return.
 * 4. A command named in the script's text costs one table look-up; one with keys that move with its
 *    arguments, or with a computed name, costs one `COMMAND GETKEYS` besides.
 */
import type { CommandTable } from "./command-table.ts";

/**
 * Long strings, comments, quoted strings; and each `return` that ends a script with a call of Redis.
 * That would be a tail call, whose line Lua forgets; `return nil or f()` is the same without being one.
 */
const TOKENS =
  /--\[(=*)\[[\s\S]*?\]\1\]|--[^\n]*|\[(=*)\[[\s\S]*?\]\2\]|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|\breturn(?=\s+redis\s*\.\s*p?call\b)/g;

/**
 * `redis` is the real one here. P: by name, 0 for no keys, 1 for one key first, or {first, last, step} as
 * `COMMAND` counts. D: the declared keys as a set, nil when none are checked. `error` with a table
 * whose `__newindex` keeps Redis from noting a line of its own; `pcall(error, "", 3)` tells the caller's.
 */
const GUARD = `
local D
local L=" in Lua scripts when 'allow-key-locking' flag is set"
local function text(k) if type(k)=='number' then return string.format('%.17g',k) end return k end
local function check(k) k=text(k) if type(k)=='string' and not D[k] then
 return 'ERR Dynamic keys are not allowed'..L..'. Key was: '..k end end
local function seldom(p,name,...)
 if type(name)~='string' then return end
 local up=string.upper(name)
 if up=='FLUSHALL' or up=='FLUSHDB' then return "ERR Command '"..up.."' is not allowed"..L end
 local keys={...}
 if p then local all,last=keys,p[2] keys={} if last<0 then last=#all+1+last end
  for i=p[1],last,p[3] do keys[#keys+1]=all[i] end
 else keys=redis.pcall('COMMAND','GETKEYS',name,...) if keys.err then return end end
 for i=1,#keys do local e=check(keys[i]) if e then return e end end
end
local function bad(name,...)
 if not D then return end
 local p=P[name]
 if p==0 then return end
 if p==1 then local k=... if D[k] then return end return check(k) end
 return seldom(p,name,...)
end
local function keep() end
local function call(...)
 local e=bad(...)
 if e then error(setmetatable({err=e},{__newindex=keep})) end
 local r=redis.pcall(...)
 if type(r)=='table' and r.err then
  local _,at=pcall(error,'',3)
  local source,line=string.match(at,'^(.-):(%d+):')
  error(setmetatable(r,{__newindex=keep,__index=line and {source='@'..source,line=tonumber(line)} or nil}))
 end
 return r
end
local function try(...)
 local e=bad(...)
 if e then return {err=e} end
 return redis.pcall(...)
end
local function declare(keys) D={} for i=1,#keys do D[keys[i]]=true end end
`.replaceAll(/\s*\n\s*/g, " ");

const SCRIPT_END = "declare(KEYS) return setmetatable({call=call,pcall=try},{__index=redis})";

/**
 * Functions get their keys as an argument; those registered without the flag are not checked. While a
 * library loads there is hardly any Lua: no `type`, no `pairs`, and of `redis` only what is named here.
 */
const LIBRARY_END = `
local shadow={call=call,pcall=try,log=redis.log,
 LOG_DEBUG=redis.LOG_DEBUG,LOG_VERBOSE=redis.LOG_VERBOSE,LOG_NOTICE=redis.LOG_NOTICE,LOG_WARNING=redis.LOG_WARNING,
 REDIS_VERSION=redis.REDIS_VERSION,REDIS_VERSION_NUM=redis.REDIS_VERSION_NUM}
local whole
local register=redis.register_function
local function enter(callback,checked)
 return callback and function(keys,args)
  if not whole then whole=setmetatable(shadow,{__index=redis}) end
  if checked then declare(keys) else D=nil end
  return callback(keys,args)
 end
end
function shadow.register_function(spec,callback,...)
 if not spec or not spec.function_name then return register(spec,enter(callback),...) end
 local flags,checked=spec.flags or {},false
 local kept={}
 for i=1,#flags do if flags[i]=='allow-key-locking' then checked=true else kept[#kept+1]=flags[i] end end
 if checked then spec.flags=kept end
 spec.callback=enter(spec.callback,checked)
 return register(spec)
end
return shadow
`.replaceAll(/\s*\n\s*/g, " ");

/** `body` is the script after its first line. Returns what is to stand there instead. */
export function guardScript(body: string, table: CommandTable): string {
  return guard(body, table, SCRIPT_END);
}

/** The same for a library of functions. */
export function guardLibrary(body: string, table: CommandTable): string {
  return guard(body, table, LIBRARY_END);
}

function guard(body: string, table: CommandTable, end: string): string {
  const named = new Set<string>();
  const text = body.replaceAll(TOKENS, (token) => {
    if (token === "return") return "return nil or";
    if (/^["']\w+["']$/.test(token)) named.add(token.slice(1, -1));
    return token;
  });
  return `${guardLine(named, table, end)} ${text}`;
}

function guardLine(named: ReadonlySet<string>, table: CommandTable, end: string): string {
  const positions = [...named].flatMap((name) => position(name, table)).join(",");
  return `local redis=(function(P) ${GUARD} ${end} end)({${positions}})`;
}

function position(name: string, table: CommandTable): readonly string[] {
  const keys = table.get(name.toLowerCase())?.keys;
  if (!keys || /^flush(all|db)$/i.test(name)) return [];
  const { first, last, step } = keys;
  if (first === 0) return [`${name}=0`];
  if (first === 1 && last === 1) return [`${name}=1`];
  return [`${name}={${first},${last},${step}}`];
}
