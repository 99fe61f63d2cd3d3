#!lua flags=allow-key-locking
-- Ends every session of a user but the one that asks, whatever is under way for them.
--
-- KEYS[1] operation  string: `<ended> <is fresh>`
-- KEYS[2] session    hash, see record.ts: of who asks
-- KEYS[3] user       hash: `epoch` and `s:<public id>`
-- ARGV[1] token hash  [2] public id of who asks  [3] hash of a fresh token  [4] absolute_ms  [5] expires_at_ms
--   [6] answer_until_ms
-- Leaves the operation until answer_until_ms, the user at least until every session that it ends must have ended.
--
-- Returns { 'ended', how many, is fresh } or, with nothing done, { 'no_session' | 'expired', now }. Who asks with a token
-- that has a successor goes on with the fresh one, and with no other: the successor is ended too. Tokens before the one
-- that asks are ended in any case.
--
-- A repeat finds its operation and answers as the first time: it ends no session that began since.
local known = redis.call('GET', KEYS[1])
if known then return { 'ended', string.match(known, '^(%S+) (%S+)$') } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local s = redis.call('HMGET', KEYS[2], 'm:token', 'm:until', 'm:epoch', 'p:' .. ARGV[1])
local grace = string.match(s[4] or '', '^%S+')
if not s[1] or tonumber(s[2]) <= now then return { 'no_session' } end
if s[1] ~= ARGV[1] and not (grace and tonumber(grace) > now) then return { 'no_session' } end
if tonumber(s[3]) < tonumber(redis.call('HGET', KEYS[3], 'epoch') or 0) then return { 'no_session' } end
if now > tonumber(ARGV[5]) then return { 'expired', now } end

redis.call('HSET', KEYS[2], 'm:epoch', redis.call('HINCRBY', KEYS[3], 'epoch', 1))
local is_fresh = s[1] ~= ARGV[1]
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
  if string.sub(field, 1, 2) == 'p:' then redis.call('HDEL', KEYS[2], field) end
end
if is_fresh then redis.call('HSET', KEYS[2], 'm:token', ARGV[3]) end
local user, ended = redis.call('HGETALL', KEYS[3]), 0
for i = 1, #user, 2 do
  if user[i] ~= 'epoch' and user[i] ~= 's:' .. ARGV[2] then
    if tonumber(string.match(user[i + 1], '^%S+ %S+ (%S+) ')) > now then ended = ended + 1 end
    redis.call('HDEL', KEYS[3], user[i])
  end
end
local absolute = now + tonumber(ARGV[4])
if now + redis.call('PTTL', KEYS[3]) < absolute then redis.call('PEXPIREAT', KEYS[3], string.format('%.0f', absolute)) end
redis.call('SET', KEYS[1], ended .. ' ' .. (is_fresh and 1 or 0), 'PXAT', ARGV[6])
return { 'ended', tostring(ended), is_fresh and '1' or '0' }
