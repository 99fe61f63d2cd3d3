#!lua flags=no-writes,allow-key-locking
-- Reads dead letters, the oldest message first, behind one that may be gone by now.
--
-- KEYS[1] group  KEYS[2] dead  KEYS[3] letters (see poll.lua)
-- ARGV[1] group known to the Worker  [2] limit  [3] id to go on behind, or ''  [4] its age, or ''
--
-- Returns { 'letters', { id, letter, ... } } or { 'stale', group }. Writes nothing.
local config = redis.call('HGET', KEYS[1], 'config')
if config ~= ARGV[1] then return { 'stale', config } end
local from = 0
if ARGV[3] ~= '' then
  local rank = redis.call('ZRANK', KEYS[2], ARGV[3])
  from = rank and rank + 1 or redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. ARGV[4])
end
local ids, out = redis.call('ZRANGE', KEYS[2], from, from + ARGV[2] - 1), {}
local letters = #ids > 0 and redis.call('HMGET', KEYS[3], unpack(ids)) or {}
for n, id in ipairs(ids) do out[2 * n - 1], out[2 * n] = id, letters[n] end
return { 'letters', out }
