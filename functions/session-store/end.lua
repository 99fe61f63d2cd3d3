#!lua flags=allow-key-locking
-- Ends a session of a user, for whoever has one of them: that one itself, or another.
--
-- KEYS[1] session     hash, see record.ts: of who asks
-- KEYS[2] user        hash: `epoch` and `s:<public id>`
-- KEYS[3] session     the one to end; may be the same
-- ARGV[1] token hash  [2] public id of the one to end  [3] expires_at_ms
-- Leaves nothing of it, and the user as long as before.
--
-- Returns { 'ended' }, also when there is no such session of this user, or, with nothing done,
-- { 'no_session' | 'left_behind' | 'expired', now }. `left_behind`: who asks has a token that the session, which lives, has
-- left behind.
--
-- A repeat ends nothing more; when it was its own session it is told that there is none.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local s = redis.call('HMGET', KEYS[1], 'm:token', 'm:until', 'm:epoch', 'p:' .. ARGV[1], 'm:user')
local grace = string.match(s[4] or '', '^%S+')
if not s[1] or tonumber(s[2]) <= now then return { 'no_session' } end
if tonumber(s[3]) < tonumber(redis.call('HGET', KEYS[2], 'epoch') or 0) then return { 'no_session' } end
if s[1] ~= ARGV[1] and not (grace and tonumber(grace) > now) then return { 'left_behind' } end
if now > tonumber(ARGV[3]) then return { 'expired', now } end
if redis.call('HGET', KEYS[3], 'm:user') == s[5] then redis.call('DEL', KEYS[3]) end
redis.call('HDEL', KEYS[2], 's:' .. ARGV[2])
return { 'ended' }
