#!lua flags=allow-key-locking
-- Gives a session another token.
--
-- KEYS[1] session  hash, see record.ts
-- KEYS[2] user     hash: `epoch`
-- ARGV[1] token hash  [2] hash of its successor  [3] kid under which that was derived, or '' when it is a random one
--   [4] expires_at_ms  [5] grace_ms; 0 ends the token and all before it at once  [6] predecessors_max
-- Moves no TTL.
--
-- Returns { 'rotated', kid, created, until, absolute, now } or, with nothing done, { 'no_session' | 'expired', now }. `kid`
-- is that of the successor there is: of one token there is only one.
--
-- A repeat finds the successor and says so; one with a random successor finds itself. A copy that comes late finds another
-- token in place, or expires.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local s = redis.call('HMGET', KEYS[1], 'm:token', 'm:until', 'm:epoch', 'p:' .. ARGV[1], 'm:created', 'm:absolute')
local grace, kid = string.match(s[4] or '', '^(%S+) (%S+)$')
local is_login, is_mine = ARGV[5] == '0', ARGV[5] == '0' and s[1] == ARGV[2]
if not s[1] or tonumber(s[2]) <= now then return { 'no_session' } end
if s[1] ~= ARGV[1] and not is_mine and not (grace and tonumber(grace) > now) then return { 'no_session' } end
if tonumber(s[3]) < tonumber(redis.call('HGET', KEYS[2], 'epoch') or 0) then return { 'no_session' } end
if s[1] ~= ARGV[1] and not is_login then return { 'rotated', kid, s[5], s[2], s[6], now } end
if now > tonumber(ARGV[4]) then return { 'expired', now } end

-- No two end at the same time, so that it is known which is the oldest.
local working, oldest, oldest_until, ends = 0, nil, nil, now + tonumber(ARGV[5])
local function drop(field) redis.call('HDEL', KEYS[1], field) end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 'p:' then
    local until_ms = tonumber(string.match(redis.call('HGET', KEYS[1], field), '^%S+'))
    if is_login or until_ms <= now then drop(field)
    else
      working, ends = working + 1, math.max(ends, until_ms + 1)
      if not oldest or until_ms < oldest_until then oldest, oldest_until = field, until_ms end
    end
  end
end
if working >= tonumber(ARGV[6]) then drop(oldest) end
if not is_login then
  redis.call('HSET', KEYS[1], 'p:' .. ARGV[1], string.format('%.0f', ends) .. ' ' .. ARGV[3])
end
redis.call('HSET', KEYS[1], 'm:token', ARGV[2])
return { 'rotated', ARGV[3], s[5], s[2], s[6], now }
