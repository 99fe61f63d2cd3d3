#!lua flags=allow-key-locking
-- Appends dead letters to their partitions again, for this group only: the others have had them.
--
-- KEYS[1] operation  [2] group  [3] dead  [4] letters (see poll.lua); then streams
-- ARGV[1] group known to the Worker  [2] expires_at_ms  [3] answer_until_ms  [4] group's name; then for each: which stream (from 1), id
--
-- Returns { 'redriven', how many there were, somebody waits } or, with nothing done, { 'stale', group }, { 'expired', now }.
--
-- A repeat finds its operation and answers as the first time. Leaves the operation until answer_until_ms, all else without TTL.
local group = redis.call('HMGET', KEYS[2], 'config', 'waiting')
if group[1] ~= ARGV[1] then return { 'stale', group[1] } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local is_awaited = tonumber(group[2] or 0) > now and 1 or 0
local known = redis.call('GET', KEYS[1])
if known then return { 'redriven', known, is_awaited } end
if now > tonumber(ARGV[2]) then return { 'expired', now } end

local redriven = 0
for at = 5, #ARGV, 2 do
  local letter = redis.call('HGET', KEYS[4], ARGV[at + 1])
  if letter then
    local part = cjson.decode(letter)
    redis.call('XADD', KEYS[4 + ARGV[at]], '*', 'p', part[5], 'k', part[4], 'g', ARGV[4])
    redis.call('HDEL', KEYS[4], ARGV[at + 1])
    redis.call('ZREM', KEYS[3], ARGV[at + 1])
    redriven = redriven + 1
  end
end
redis.call('SET', KEYS[1], redriven, 'PXAT', ARGV[3])
return { 'redriven', redriven, is_awaited }
