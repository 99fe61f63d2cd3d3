#!lua flags=allow-key-locking
-- Puts back what a consumer was handed behind a certain delivery, because it never heard of it.
--
-- KEYS[1] operation  [2] group; then for each partition: stream, due, held (see poll.lua)
-- ARGV[1] group known to the Worker  [2] expires_at_ms  [3] answer_until_ms  [4] group's name  [5] consumer  [6] pending_max
--   [7] when the last delivery it heard of was claimed  [8] nonce of that; then `place in KEYS (from 1) id` of each with that nonce
--   that it did not hear of
--
-- Returns { 'resumed', how many were put back } or, with nothing done, { 'stale', group }, { 'expired', now }.
--
-- A repeat finds its operation and answers as the first time. Leaves the operation until answer_until_ms, all else without TTL.
local config = redis.call('HGET', KEYS[2], 'config')
if config ~= ARGV[1] then return { 'stale', config } end
local known = redis.call('GET', KEYS[1])
if known then return { 'resumed', known } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[2]) then return { 'expired', now } end

local unheard, resumed = {}, 0
for at = 9, #ARGV do unheard[ARGV[at]] = true end
for i = 1, (#KEYS - 2) / 3 do
  local stream, due, held = KEYS[3 * i], KEYS[3 * i + 1], KEYS[3 * i + 2]
  for _, pending in ipairs(redis.call('XPENDING', stream, ARGV[4], '-', '+', ARGV[6], ARGV[5])) do
    local id = pending[1]
    local nonce, deliveries = string.match(redis.call('HGET', held, id) or '', '^(%S+) (%S+)')
    local is_later = nonce and nonce ~= ARGV[8] and now - pending[3] >= tonumber(ARGV[7])
    if is_later or nonce == ARGV[8] and unheard[i .. ' ' .. id] then
      redis.call('HSET', held, id, '- ' .. deliveries .. ' ' .. ARGV[5])
      redis.call('ZADD', due, now, id)
      resumed = resumed + 1
    end
  end
end
redis.call('SET', KEYS[1], resumed, 'PXAT', ARGV[3])
return { 'resumed', resumed }
