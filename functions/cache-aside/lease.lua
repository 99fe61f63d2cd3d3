#!lua flags=allow-key-locking
-- Lets one of many readers load an item, and says who may fill the cache.
--
-- KEYS[1]  data     string: the cached entry
-- KEYS[2]  lease    hash: token -> when it was granted, ms. Whoever invalidates deletes it, and with it
--                   every right to fill with what was loaded before.
-- ARGV[1]  token    of the reader that asks
-- ARGV[2]  wait_ms  how long a grant keeps others from loading; after that the next one loads too
-- ARGV[3]  kept_ms  how long a token stays good for filling; expiry of the lease key
-- ARGV[4]  mode     'absent': an entry that is there is answered; 'refresh': it is to be replaced
--
-- Returns { 'entry', entry }, { 'granted' } or { 'held', ms until the next grant }.
--
-- Safe to send twice: a token that holds a grant is granted again.

if ARGV[4] == 'absent' then
  local entry = redis.call('GET', KEYS[1])
  if entry then return { 'entry', entry } end
end

local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
local wait_ms = tonumber(ARGV[2])
local grants = redis.call('HGETALL', KEYS[2])
local newest_ms = 0
for i = 1, #grants, 2 do
  if grants[i] == ARGV[1] then return { 'granted' } end
  newest_ms = math.max(newest_ms, tonumber(grants[i + 1]))
end

-- More left than was granted means that the clock was set back: then nobody is waited for.
local left_ms = newest_ms + wait_ms - now_ms
if left_ms > 0 and left_ms <= wait_ms then return { 'held', left_ms } end

redis.call('HSET', KEYS[2], ARGV[1], now_ms)
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return { 'granted' }
