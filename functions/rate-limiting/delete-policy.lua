#!lua flags=allow-key-locking
-- Removes a policy. What has been used of it is forgotten as its levels run out, not at once.
--
-- KEYS[1] operation  string: that this call was done
-- KEYS[2] policies   hash: name to policy; no TTL
-- ARGV[1] name  [2] expires_at_ms  [3] answer_until_ms
--
-- Returns { 'deleted', 0 } also when there was none or, with nothing done, { 'expired', now }.
--
-- A repeat finds its operation and does nothing: it removes no policy that came later.
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'deleted', 0 } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[2]) then return { 'expired', now } end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('SET', KEYS[1], '1', 'PXAT', ARGV[3])
return { 'deleted', 0 }
