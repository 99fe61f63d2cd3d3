#!lua flags=no-writes,allow-key-locking
-- Reads entries of one ranking, from a position or from behind an entry that may have moved since.
--
-- KEYS[1] board  KEYS[2] ranking  KEYS[3] metadata
-- ARGV[1] board known to the Worker  ARGV[2] day, or '' when the ranking is of no window  ARGV[3] rank mode
-- ARGV[4] length of the place in front of a member  ARGV[5] limit
-- ARGV[6] position of the first entry; or '' and ARGV[7] stored score  ARGV[8] element to go on behind
--
-- Returns { 'page', total, position of the first, how many are strictly better than the first,
--   { element, stored score, ... }, { metadata or false, ... } } or { 'stale', board }, { 'day', now }.
--
-- Writes nothing. A reader that goes on behind an entry that is gone costs one ZRANGE for each halving of its equals.
local board = redis.call('GET', KEYS[1])
if board ~= ARGV[1] then return { 'stale', board } end
if ARGV[2] ~= '' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if math.floor(now / 86400000) ~= tonumber(ARGV[2]) then return { 'day', now } end
end
-- Lua compares strings by locale; Redis orders equal scores by bytes.
local function is_after(element, other)
  for i = 1, math.min(#element, #other) do
    local byte, other_byte = string.byte(element, i), string.byte(other, i)
    if byte ~= other_byte then return byte > other_byte end
  end
  return #element > #other
end
local function position_after(score, element)
  local stored = redis.call('ZSCORE', KEYS[2], element)
  if stored and tonumber(stored) == tonumber(score) then return redis.call('ZRANK', KEYS[2], element) + 1 end
  local low = redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. score)
  local high = low + redis.call('ZCOUNT', KEYS[2], score, score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_after(redis.call('ZRANGE', KEYS[2], middle, middle)[1], element) then high = middle else low = middle + 1 end
  end
  return low
end

local total = redis.call('ZCARD', KEYS[2])
local from = ARGV[6] ~= '' and tonumber(ARGV[6]) or position_after(ARGV[7], ARGV[8])
local entries = redis.call('ZRANGE', KEYS[2], from, from + tonumber(ARGV[5]) - 1, 'WITHSCORES')
if #entries == 0 then return { 'page', total, from, from, {}, {} } end
local better, members = from, {}
if ARGV[3] == 'competition' then better = redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. entries[2]) end
for i = 1, #entries, 2 do members[#members + 1] = string.sub(entries[i], ARGV[4] + 1) end
return { 'page', total, from, better, entries, redis.call('HMGET', KEYS[3], unpack(members)) }
