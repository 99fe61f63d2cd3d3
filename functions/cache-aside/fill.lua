#!lua flags=allow-key-locking
-- Caches what a reader loaded, if nothing was invalidated since it was granted the load.
--
-- KEYS[1]  data    string: the cached entry
-- KEYS[2]  lease   hash: token -> when it was granted, ms
-- ARGV[1]  token   of the reader that loaded
-- ARGV[2]  entry   what to cache
-- ARGV[3]  ttl_ms  how long to keep it
--
-- Returns 1 when it is cached, 0 when the grant is gone.
--
-- Safe to send twice and to arrive late: the grant is used up, or deleted by an invalidation.

if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1
