#!lua flags=allow-key-locking
-- Lets one of many readers load an item, and says who may fill the cache.
--
-- KEYS[1]  data     string: the cached entry
-- KEYS[2]  lease    hash: token -> its grant, and `newest` -> the last grant of all. Whoever invalidates
--                   deletes it, and with it every right to fill with what was loaded before.
-- ARGV[1]  token    of the reader that asks; longer than `newest`
-- ARGV[2]  wait_ms  how long a grant keeps others from loading; after that the next one loads too
-- ARGV[3]  kept_ms  how long a grant stays good for filling; expiry of the lease key
-- ARGV[4]  mode     'absent': an entry that is there is answered; 'refresh': it is to be replaced
--
-- Returns { 'entry', entry }, { 'granted', grant } or { 'held' }. A grant is the microsecond of its making.
--
-- Safe to send twice and to arrive late: a token that holds a grant gets that one again; after an invalidation
-- it gets a new one, which a reader that was answered before does not hold. (The microsecond cannot be the
-- same: a load and a write in the database lie between, unless the clock was set back onto it.)

if ARGV[4] == 'absent' then
  local entry = redis.call('GET', KEYS[1])
  if entry then return { 'entry', entry } end
end

local grants = redis.call('HMGET', KEYS[2], ARGV[1], 'newest')
if grants[1] then return { 'granted', grants[1] } end

-- More left than was granted means that the clock was set back: then nobody is waited for.
local time = redis.call('TIME')
local wait_us = ARGV[2] * 1000
local left_us = tonumber(grants[2] or 0) + wait_us - (time[1] * 1000000 + time[2])
if left_us > 0 and left_us <= wait_us then return { 'held' } end

local grant = time[1] .. string.format('%06d', time[2])
redis.call('HSET', KEYS[2], ARGV[1], grant, 'newest', grant)
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return { 'granted', grant }
