#!lua flags=allow-key-locking
-- Makes a consumer's messages somebody else's, due at once, with receipts that nobody has; then may remove the consumer.
--
-- KEYS[1] operation  [2] group; then for each partition: stream, due, held (see functions/line-streams/poll.lua)
-- ARGV[1] group known to the caller  [2] expires_at_ms  [3] answer_until_ms  [4] group's name  [5] from
--   [6] to; a name with a parenthesis is nobody's  [7] min_idle_ms  [8] messages_max  [9] 'remove' to forget the consumer if it has none left
--   [10] only what came due before now: '1'  [11] the most that a consumer may hold  [12] consumers_max
--
-- Returns { 'moved', how many, how many the consumer has left, somebody waits } or, with nothing done,
--   { 'too_many_consumers' }, { 'stale', group }, { 'expired', now }.
--
-- A repeat finds its operation and answers as the first time. Leaves the operation until answer_until_ms, all else without TTL.
local group = redis.call('HMGET', KEYS[2], 'config', 'waiting', 'c ' .. ARGV[6], 's ' .. ARGV[6], 'consumers')
if group[1] ~= ARGV[1] then return { 'stale', group[1] } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local is_awaited = tonumber(group[2] or 0) > now and 1 or 0
local known = redis.call('GET', KEYS[1])
if known then
  local moved, left = string.match(known, '^(%d+) (%d+)$')
  return { 'moved', moved, left, is_awaited }
end
if now > tonumber(ARGV[2]) then return { 'expired', now } end

local is_nobody = string.find(ARGV[6], '(', 1, true)
local is_new = not is_nobody and not group[4]
if is_new and tonumber(group[5] or 0) >= tonumber(ARGV[12]) then return { 'too_many_consumers' } end
local moved, left = 0, 0
local room = math.min(ARGV[8], is_nobody and ARGV[8] or math.max(0, ARGV[11] - (group[3] or 0)))
for i = 1, (#KEYS - 2) / 3 do
  local stream, due, held = KEYS[3 * i], KEYS[3 * i + 1], KEYS[3 * i + 2]
  local ids = {}
  for _, pending in ipairs(redis.call('XPENDING', stream, ARGV[4], '-', '+', ARGV[11], ARGV[5])) do
    local is_idle = pending[3] >= tonumber(ARGV[7])
    if is_idle and ARGV[10] == '1' then is_idle = tonumber(redis.call('ZSCORE', due, pending[1]) or 0) <= now end
    if is_idle and moved + #ids < room then ids[#ids + 1] = pending[1] else left = left + 1 end
  end
  if #ids > 0 then
    local records, dues = {}, {}
    for n, record in ipairs(redis.call('HMGET', held, unpack(ids))) do
      local deliveries = string.match(record or '- 0 -', '^%S+ (%S+)')
      records[2 * n - 1], records[2 * n] = ids[n], '- ' .. deliveries .. ' ' .. ARGV[6]
      dues[2 * n - 1], dues[2 * n] = now, ids[n]
    end
    local claim = { 'XCLAIM', stream, ARGV[4], ARGV[6], 0, unpack(ids) }
    claim[#claim + 1] = 'JUSTID'
    redis.call(unpack(claim))
    redis.call('HSET', held, unpack(records))
    redis.call('ZADD', due, unpack(dues))
    moved = moved + #ids
  end
end
if moved > 0 and is_new then -- a consumer like one that polls: bounded, and forgotten when it is silent
  redis.call('HSET', KEYS[2], 's ' .. ARGV[6], string.format('%.0f', now), 'consumers', (group[5] or 0) + 1)
end
if moved > 0 then
  redis.call('HINCRBY', KEYS[2], 'c ' .. ARGV[5], -moved)
  redis.call('HINCRBY', KEYS[2], 'c ' .. ARGV[6], moved)
end
if ARGV[9] == 'remove' and left == 0 then
  -- Redis would drop what it still holds without a word.
  for i = 3, #KEYS, 3 do
    local held = redis.call('XPENDING', KEYS[i], ARGV[4], '-', '+', 1, ARGV[5])
    if #held == 0 then redis.call('XGROUP', 'DELCONSUMER', KEYS[i], ARGV[4], ARGV[5]) end
  end
  if redis.call('HDEL', KEYS[2], 's ' .. ARGV[5]) == 1 then redis.call('HINCRBY', KEYS[2], 'consumers', -1) end
  redis.call('HDEL', KEYS[2], 'c ' .. ARGV[5])
end
redis.call('SET', KEYS[1], moved .. ' ' .. left, 'PXAT', ARGV[3])
return { 'moved', moved, left, is_awaited }
