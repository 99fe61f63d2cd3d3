#!lua flags=allow-key-locking
-- Creates a board unless there is one.
--
-- KEYS[1] operation  string: what this call answered
-- KEYS[2] board      string: `<revision> <created_at_ms> <definition>`; no TTL
-- ARGV[1] definition  ARGV[2] revision, chosen by the caller  ARGV[3] expires_at_ms  ARGV[4] answer_until_ms
--
-- Returns { 'created' | 'unchanged' | 'differs', board } or, with nothing done, { 'expired', now }.
--
-- A repeat finds its operation and answers as the first time: it brings no deleted board back.
local known = redis.call('GET', KEYS[1])
if known then return { string.match(known, '^(%S+) (.*)$') } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[3]) then return { 'expired', now } end

local board, answer = redis.call('GET', KEYS[2]), 'created'
if board then
  answer = string.match(board, '^%S+ %S+ (.*)$') == ARGV[1] and 'unchanged' or 'differs'
else
  board = ARGV[2] .. ' ' .. string.format('%.0f', now) .. ' ' .. ARGV[1]
  redis.call('SET', KEYS[2], board)
end
redis.call('SET', KEYS[1], answer .. ' ' .. board, 'PXAT', ARGV[4])
return { answer, board }
