#!lua flags=allow-key-locking
-- Creates a group on every partition of a topic unless there is one.
--
-- KEYS[1] operation   string: what this call answered
-- KEYS[2] topic       hash: `config` and, for each group, `g <group>`; no TTL
-- KEYS[3] group       hash: `config`, `consumers`; `c <consumer>` is how many it holds, `s <consumer>` when it was seen; no TTL
-- KEYS[4..] streams   one a partition; no TTL
-- ARGV[1] topic known to the Worker  [2] group's name  [3] revision, chosen by the caller  [4] partitions  [5] definition
-- ARGV[6] stream id to begin behind  [7] expires_at_ms  [8] answer_until_ms  [9] groups_max
--
-- Returns { 'created' | 'unchanged' | 'differs', config }, { 'too_many' } or, with nothing done, { 'stale', topic },
--   { 'expired', now }.
--
-- A repeat finds its operation and answers as the first time: it brings no deleted group back.
local known = redis.call('GET', KEYS[1])
if known then return { string.match(known, '^(%S+) (.*)$') } end
local topic = redis.call('HGET', KEYS[2], 'config')
if topic ~= ARGV[1] then return { 'stale', topic } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[7]) then return { 'expired', now } end

local config, answer = redis.call('HGET', KEYS[3], 'config'), 'created'
if config then
  answer = string.match(config, '^1 %S+ %S+ %S+ (.*)$') == ARGV[5] and 'unchanged' or 'differs'
elseif redis.call('HLEN', KEYS[2]) > tonumber(ARGV[9]) then
  return { 'too_many', '' }
else
  config = table.concat({ '1', ARGV[3], string.format('%.0f', now), ARGV[4], ARGV[5] }, ' ')
  for i = 4, #KEYS do redis.call('XGROUP', 'CREATE', KEYS[i], ARGV[2], ARGV[6], 'MKSTREAM') end
  redis.call('HSET', KEYS[2], 'g ' .. ARGV[2], config)
  redis.call('HSET', KEYS[3], 'config', config)
end
redis.call('SET', KEYS[1], answer .. ' ' .. config, 'PXAT', ARGV[8])
return { answer, config }
