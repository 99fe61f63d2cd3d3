#!lua flags=no-writes,allow-key-locking
-- Reads a member's entry in one ranking and its neighbours, more of one side where the other ends.
--
-- KEYS[1] board  KEYS[2] ranking  KEYS[3] metadata  KEYS[4] members
-- ARGV[1] board known to the Worker  ARGV[2] day, or '' when the ranking is of no window  ARGV[3] rank mode
-- ARGV[4] tie  ARGV[5] id of the ranking  ARGV[6] member  ARGV[7] radius
--
-- Returns { 'page', ... } as page.lua does, { 'no_such_member' }, { 'stale', board } or { 'day', now }. Writes nothing.
local board = redis.call('GET', KEYS[1])
if board ~= ARGV[1] then return { 'stale', board } end
if ARGV[2] ~= '' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if math.floor(now / 86400000) ~= tonumber(ARGV[2]) then return { 'day', now } end
end

local element, skip = ARGV[6], 0
if ARGV[4] ~= 'member' then
  element = ''
  for place, id in string.gmatch(redis.call('HGET', KEYS[4], ARGV[6]) or '', '%S+ (%S+) ([^;]+);') do
    if id == ARGV[5] then element, skip = place .. ':' .. ARGV[6], #place + 1 end
  end
end
local position = redis.call('ZRANK', KEYS[2], element)
if not position then return { 'no_such_member' } end
local total, size = redis.call('ZCARD', KEYS[2]), 2 * ARGV[7] + 1
local from = math.max(0, math.min(position - ARGV[7], total - size))
local entries = redis.call('ZRANGE', KEYS[2], from, from + size - 1, 'WITHSCORES')
local better, members = from, {}
if ARGV[3] == 'competition' then better = redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. entries[2]) end
for i = 1, #entries, 2 do members[#members + 1] = string.sub(entries[i], skip + 1) end
return { 'page', total, from, better, entries, redis.call('HMGET', KEYS[3], unpack(members)) }
