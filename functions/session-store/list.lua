#!lua flags=no-writes,allow-key-locking
-- Reads the sessions of a user, for whoever has one of them.
--
-- KEYS[1] session  hash, see record.ts
-- KEYS[2] user     hash: `epoch` and `s:<public id>`, see devices.ts
-- ARGV[1] token hash
--
-- Returns { 'sessions', now, kid, until, absolute, { field, value, ... } of the user } or { 'no_session' }. `kid` as in
-- read.lua.
--
-- Writes nothing.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local s = redis.call('HMGET', KEYS[1], 'm:token', 'm:until', 'm:epoch', 'p:' .. ARGV[1], 'm:absolute')
local grace, kid = string.match(s[4] or '', '^(%S+) (%S+)$')
if not s[1] or tonumber(s[2]) <= now then return { 'no_session' } end
if s[1] ~= ARGV[1] and not (grace and tonumber(grace) > now) then return { 'no_session' } end
if tonumber(s[3]) < tonumber(redis.call('HGET', KEYS[2], 'epoch') or 0) then return { 'no_session' } end
return { 'sessions', now, s[1] == ARGV[1] and '' or kid, s[2], s[5], redis.call('HGETALL', KEYS[2]) }
