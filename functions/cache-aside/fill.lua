#!lua flags=allow-key-locking
-- Caches what a reader loaded, if nothing was invalidated since it was granted the load.
--
-- KEYS[1]  data    string: the cached entry
-- KEYS[2]  lease   hash: token -> its grant, and `newest` (`lease.lua`)
-- ARGV[1]  token   of the reader that loaded
-- ARGV[2]  grant   that it was told before it loaded
-- ARGV[3]  entry   what to cache
-- ARGV[4]  ttl_ms  how long to keep it
--
-- Returns 1 when it is cached, 0 when the grant is gone.
--
-- Safe to send twice and to arrive late: the grant is used up, or deleted by an invalidation.

if redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
redis.call('DEL', KEYS[2])
return 1
