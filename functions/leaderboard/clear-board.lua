#!lua flags=allow-key-locking
-- Removes all entries of a board, and the board itself unless it gets a new revision.
--
-- KEYS[1] operation  string: what this call answered
-- KEYS[2] board      string
-- KEYS[3..]          all else that it has: metadata, members, sequence, rankings; KEYS[6] is the one of all time
-- ARGV[1] new revision, or '' to remove the board  ARGV[2] expires_at_ms  ARGV[3] answer_until_ms
-- ARGV[4] day whose windows and previous windows are in KEYS
--
-- Returns { 'cleared', members removed }, { 'no_such_board', 0 } or, with nothing done, { 'expired' | 'day', now }.
--
-- A repeat finds its operation and answers as the first time: it clears nothing that came later. A submit
-- sent before carries the old revision and is refused. Leaves no TTL but the operation's.
local known = redis.call('GET', KEYS[1])
if known then return { string.match(known, '^(%S+) ?(%d*)$') } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[2]) then return { 'expired', now } end
if math.floor(now / 86400000) ~= tonumber(ARGV[4]) then return { 'day', now } end

local board = redis.call('GET', KEYS[2])
local answer, removed = 'no_such_board', 0
if board then
  answer, removed = 'cleared', redis.call('ZCARD', KEYS[6])
  redis.call('UNLINK', unpack(KEYS, 3))
  if ARGV[1] == '' then redis.call('DEL', KEYS[2])
  else redis.call('SET', KEYS[2], (string.gsub(board, '^%S+', ARGV[1]))) end
end
redis.call('SET', KEYS[1], answer .. ' ' .. removed, 'PXAT', ARGV[3])
return { answer, removed }
