#!lua flags=allow-key-locking
-- Creates a session.
--
-- KEYS[1] operation  string: `<fingerprint> <nonce> <answer>`
-- KEYS[2] session    hash, see record.ts
-- KEYS[3] user       hash: `epoch` and `s:<public id>`, see devices.ts
-- ARGV[1] expires_at_ms  [2] answer_until_ms  [3] refusal_until_ms  [4] fingerprint  [5] nonce  [6] kid  [7] public id
--   [8] token hash  [9] user id  [10] device as JSON  [11] idle_ms  [12] absolute_ms  [13] sessions_max  [14] bytes
--   [15..] field, value
-- Leaves the operation until answer_until_ms (a refusal: refusal_until_ms), the session until it is idle for too long, the
-- user at least until the session must have ended.
--
-- Returns { 'answer', nonce, text, replayed } with text `created <kid> <public id> <created> <until> <absolute>` or
-- `too_many_sessions`; or, with nothing done, { 'mismatch' | 'expired', now }.
--
-- A repeat finds its operation and answers as the first time: it brings no session back that has ended since.
local known = redis.call('GET', KEYS[1])
if known then
  local mark, nonce, answer = string.match(known, '^(%S+) (%S+) (.*)$')
  if mark ~= ARGV[4] then return { 'mismatch' } end
  return { 'answer', nonce, answer, nonce == ARGV[5] and 0 or 1 }
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[1]) then return { 'expired', now } end
local function digits(number) return string.format('%.0f', number) end
local function finish(answer, until_ms)
  redis.call('SET', KEYS[1], ARGV[4] .. ' ' .. ARGV[5] .. ' ' .. answer, 'PXAT', until_ms)
  return { 'answer', ARGV[5], answer, 0 }
end

local user, live, epoch = redis.call('HGETALL', KEYS[3]), 0, '0'
for i = 1, #user, 2 do
  local until_ms = string.match(user[i + 1], '^%S+ %S+ (%S+) ')
  if user[i] == 'epoch' then epoch = user[i + 1]
  elseif tonumber(until_ms) > now then live = live + 1
  else redis.call('HDEL', KEYS[3], user[i]) end
end
if live >= tonumber(ARGV[13]) then return finish('too_many_sessions', ARGV[3]) end

local absolute = now + tonumber(ARGV[12])
local until_ms = math.min(now + tonumber(ARGV[11]), absolute)
local fields = { unpack(ARGV, 15) }
redis.call('HSET', KEYS[2], 'm:public', ARGV[7], 'm:token', ARGV[8], 'm:user', ARGV[9], 'm:epoch', epoch,
  'm:created', digits(now), 'm:seen', digits(now), 'm:until', digits(until_ms), 'm:absolute', digits(absolute),
  'm:version', 1, 'm:bytes', ARGV[14], 'm:fields', #fields / 2, 'm:skus', 0, unpack(fields))
redis.call('PEXPIREAT', KEYS[2], digits(until_ms))
redis.call('HSET', KEYS[3], 's:' .. ARGV[7], table.concat({ digits(now), digits(now), digits(until_ms), ARGV[10] }, ' '))
if now + redis.call('PTTL', KEYS[3]) < absolute then redis.call('PEXPIREAT', KEYS[3], digits(absolute)) end
local times = digits(now) .. ' ' .. digits(until_ms) .. ' ' .. digits(absolute)
return finish('created ' .. ARGV[6] .. ' ' .. ARGV[7] .. ' ' .. times, ARGV[2])
