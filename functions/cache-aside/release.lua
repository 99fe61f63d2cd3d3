#!lua flags=allow-key-locking
-- Gives up a grant, so that the next reader need not wait for it.
--
-- KEYS[1]  lease  hash: token -> its grant, and `newest` (`lease.lua`)
-- ARGV[1]  token  of the reader that gives up
-- ARGV[2]  grant  that it was told
--
-- Returns 1 when it is given up, 0 when it was gone. The expiry of the key stays as it is.
--
-- Safe to send twice and to arrive late: it ends no grant but this one.

local grants = redis.call('HMGET', KEYS[1], ARGV[1], 'newest')
if grants[1] ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
if grants[2] == ARGV[2] then redis.call('HDEL', KEYS[1], 'newest') end
return 1
