#!lua flags=allow-key-locking
-- Creates a topic, or changes its limits; its partitions never change.
--
-- KEYS[1] operation  string: what this call answered
-- KEYS[2] topics     set: the tenant's topics; no TTL
-- KEYS[3] topic      hash: `config` and, for each group, `g <group>`; no TTL
-- KEYS[4..] marks    hash, one a partition: `config` again, for producers; no TTL
-- ARGV[1] topic's name  [2] revision, chosen by the caller  [3] partitions  [4] limits  [5] expires_at_ms
-- ARGV[6] answer_until_ms  [7] topics_max  [8] 'keep' to leave a topic that is there as it is
--
-- Returns { 'created' | 'changed' | 'unchanged' | 'differs', config }, { 'too_many' } or, with nothing done, { 'expired', now }.
--
-- A repeat finds its operation and answers as the first time: a late copy undoes no later change.
local known = redis.call('GET', KEYS[1])
if known then return { string.match(known, '^(%S+) (.*)$') } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[5]) then return { 'expired', now } end

local config, answer = redis.call('HGET', KEYS[3], 'config'), 'unchanged'
if config then
  local head, partitions, limits = string.match(config, '^(1 %S+ %S+) (%S+) (.*)$')
  if ARGV[8] ~= 'keep' and partitions ~= ARGV[3] then answer = 'differs'
  elseif ARGV[8] ~= 'keep' and limits ~= ARGV[4] then answer, config = 'changed', table.concat({ head, partitions, ARGV[4] }, ' ') end
elseif redis.call('SCARD', KEYS[2]) >= tonumber(ARGV[7]) then
  return { 'too_many', '' }
else
  answer, config = 'created', table.concat({ '1', ARGV[2], string.format('%.0f', now), ARGV[3], ARGV[4] }, ' ')
  redis.call('SADD', KEYS[2], ARGV[1])
end
if answer == 'created' or answer == 'changed' then
  for i = 3, #KEYS do redis.call('HSET', KEYS[i], 'config', config) end
end
redis.call('SET', KEYS[1], answer .. ' ' .. config, 'PXAT', ARGV[6])
return { answer, config }
