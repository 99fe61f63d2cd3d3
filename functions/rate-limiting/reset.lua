#!lua flags=allow-key-locking
-- Forgets what a caller has used of a policy.
--
-- KEYS[1] operation  string: that this call was done   KEYS[2..] what is kept of the caller
-- ARGV[1] expires_at_ms  [2] answer_until_ms
--
-- Returns { 'reset', 0 } also when nothing was used or, with nothing done, { 'expired', now }.
--
-- A repeat finds its operation and does nothing: what was used since stays used.
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'reset', 0 } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[1]) then return { 'expired', now } end
redis.call('DEL', unpack(KEYS, 2))
redis.call('SET', KEYS[1], '1', 'PXAT', ARGV[2])
return { 'reset', 0 }
