#!lua flags=no-writes,allow-key-locking
-- Reads the ranks of some members in one ranking.
--
-- KEYS[1] board  KEYS[2] ranking  KEYS[3] members
-- ARGV[1] board known to the Worker  ARGV[2] day, or '' when the ranking is of no window  ARGV[3] rank mode
-- ARGV[4] tie  ARGV[5] id of the ranking  ARGV[6..] members
--
-- Returns { 'ranks', { rank or false, stored score or false, ... } }, { 'stale', board } or { 'day', now }.
--
-- Writes nothing.
local board = redis.call('GET', KEYS[1])
if board ~= ARGV[1] then return { 'stale', board } end
if ARGV[2] ~= '' then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  if math.floor(now / 86400000) ~= tonumber(ARGV[2]) then return { 'day', now } end
end

local elements = { unpack(ARGV, 6) }
if ARGV[4] ~= 'member' then
  for i, record in ipairs(redis.call('HMGET', KEYS[3], unpack(ARGV, 6))) do
    elements[i] = ''
    for place, id in string.gmatch(record or '', '%S+ (%S+) ([^;]+);') do
      if id == ARGV[5] then elements[i] = place .. ':' .. ARGV[5 + i] end
    end
  end
end
local ranks = {}
for i, score in ipairs(redis.call('ZMSCORE', KEYS[2], unpack(elements))) do
  local ahead = false
  if score and ARGV[3] == 'competition' then ahead = redis.call('ZCOUNT', KEYS[2], '-inf', '(' .. score)
  elseif score then ahead = redis.call('ZRANK', KEYS[2], elements[i]) end
  ranks[2 * i - 1], ranks[2 * i] = ahead and ahead + 1, score
end
return { 'ranks', ranks }
