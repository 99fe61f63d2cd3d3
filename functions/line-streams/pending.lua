#!lua flags=no-writes,allow-key-locking
-- Reads who holds what, in the order of partitions and ids.
--
-- KEYS[1] group; then for each partition: stream, held
-- ARGV[1] group known to the Worker  [2] group's name  [3] consumer, or '' for all  [4] limit  [5] id to begin at in the first partition
--
-- Returns { 'pending', { which partition in KEYS (from 1), id, consumer, deliveries, idle in ms, ... } } or { 'stale', group }.
--
-- Writes nothing. Costs by the limit; with a consumer, also by what others hold in between.
local config = redis.call('HGET', KEYS[1], 'config')
if config ~= ARGV[1] then return { 'stale', config } end
local out, left = {}, tonumber(ARGV[4])
for i = 1, (#KEYS - 1) / 2 do
  local from = i == 1 and ARGV[5] or '-'
  local ids, found = {}, {}
  if left > 0 then
    if ARGV[3] == '' then found = redis.call('XPENDING', KEYS[2 * i], ARGV[2], from, '+', left)
    else found = redis.call('XPENDING', KEYS[2 * i], ARGV[2], from, '+', left, ARGV[3]) end
  end
  for n, entry in ipairs(found) do ids[n] = entry[1] end
  local records = #ids > 0 and redis.call('HMGET', KEYS[2 * i + 1], unpack(ids)) or {}
  for n, entry in ipairs(found) do
    local deliveries = string.match(records[n] or '- 0 -', '^%S+ (%S+)')
    for _, value in ipairs({ i, entry[1], entry[2], deliveries, entry[3] }) do out[#out + 1] = value end
  end
  left = left - #found
end
return { 'pending', out }
