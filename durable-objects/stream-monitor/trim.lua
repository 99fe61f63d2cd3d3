#!lua flags=allow-key-locking
-- Trims a partition nobody writes to: what is too old or too much, as far as no group needs it (see produce.lua).
--
-- KEYS[1] stream  KEYS[2] mark
-- ARGV[1] topic known to the caller  [2] length_max  [3] retention_ms or 0  [4] trim_max
--
-- Returns { 'trimmed', how many } or, with nothing done, { 'stale', topic }. A repeat trims what is left. Leaves no TTL.
local config = redis.call('HGET', KEYS[2], 'config')
if config ~= ARGV[1] then return { 'stale', config } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function numbers(id)
  local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(sequence)
end
local function is_before(id, other)
  local ms, sequence = numbers(id)
  local other_ms, other_sequence = numbers(other)
  return ms < other_ms or ms == other_ms and sequence < other_sequence
end
local function behind(id)
  local ms, sequence = numbers(id)
  return string.format('%.0f-%.0f', ms, sequence + 1)
end
local excess = math.min(redis.call('XLEN', KEYS[1]) - ARGV[2], tonumber(ARGV[4]))
local cutoff = tonumber(ARGV[3]) > 0 and now - ARGV[3] or 0
local first, last, floor = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1], nil, nil
if not first or excess <= 0 and numbers(first[1]) >= cutoff then return { 'trimmed', 0 } end
for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local of = {}
  for i = 1, #info, 2 do of[info[i]] = info[i + 1] end
  local need = of.pending > 0 and redis.call('XPENDING', KEYS[1], of.name)[2] or behind(of['last-delivered-id'])
  if not floor or is_before(need, floor) then floor = need end
end
if floor and not is_before(first[1], floor) then return { 'trimmed', 0 } end
for i, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[4])) do
  if i <= excess or numbers(entry[1]) < cutoff then last = behind(entry[1]) end
end
if floor and is_before(floor, last) then last = floor end
return { 'trimmed', redis.call('XTRIM', KEYS[1], 'MINID', '=', last) }
