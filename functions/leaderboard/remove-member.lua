#!lua flags=allow-key-locking
-- Removes a member and all that is stored about it, from the board, its windows and the windows before them.
--
-- KEYS[1] operation  string: what this call answered
-- KEYS[2] board  KEYS[3] metadata  KEYS[4] members
-- KEYS[5..]          rankings: of all time, and of each window the present and the previous period
-- ARGV[1] member  ARGV[2] expires_at_ms  ARGV[3] answer_until_ms  ARGV[4] day of the periods
-- ARGV[5..]          ids of the rankings, in the order of KEYS
--
-- Returns { 'removed' | 'no_such_board' } or, with nothing done, { 'expired', now }, { 'day', now }.
--
-- A repeat finds its operation and answers as the first time: it removes nothing that was submitted later.
-- Leaves no TTL but the operation's.
local known = redis.call('GET', KEYS[1])
if known then return { known } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[2]) then return { 'expired', now } end
if math.floor(now / 86400000) ~= tonumber(ARGV[4]) then return { 'day', now } end

local answer, board = 'no_such_board', redis.call('GET', KEYS[2])
if board then
  answer = 'removed'
  local bare = string.match(board, '^%S+ %S+ 1 %S+ %S+ (%S+)') == 'member' and ARGV[1] or ''
  local element_in = {}
  for place, id in string.gmatch(redis.call('HGET', KEYS[4], ARGV[1]) or '', '%S+ (%S+) ([^;]+);') do
    element_in[id] = place .. ':' .. ARGV[1]
  end
  -- A bare member is never looked for where elements carry a place: it might be written like another's element.
  for i = 5, #KEYS do redis.call('ZREM', KEYS[i], element_in[ARGV[i]] or bare) end
  redis.call('HDEL', KEYS[3], ARGV[1])
  redis.call('HDEL', KEYS[4], ARGV[1])
end
redis.call('SET', KEYS[1], answer, 'PXAT', ARGV[3])
return { answer }
