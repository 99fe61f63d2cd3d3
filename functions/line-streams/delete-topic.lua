#!lua flags=allow-key-locking
-- Deletes a topic that has no group any more, with all its messages.
--
-- KEYS[1] operation  [2] topics  [3] topic; then streams and marks
-- ARGV[1] topic known to the Worker  [2] topic's name  [3] expires_at_ms  [4] answer_until_ms
--
-- Returns { 'deleted' } or, with nothing done, { 'has_groups' }, { 'stale', topic }, { 'expired', now }.
--
-- A repeat finds its operation and answers as the first time: it deletes nothing that was made later.
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'deleted' } end
local config = redis.call('HGET', KEYS[3], 'config')
if config ~= ARGV[1] then return { 'stale', config } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[3]) then return { 'expired', now } end
if redis.call('HLEN', KEYS[3]) > 1 then return { 'has_groups' } end

redis.call('SREM', KEYS[2], ARGV[2])
for i = 3, #KEYS do redis.call('UNLINK', KEYS[i]) end
redis.call('SET', KEYS[1], '1', 'PXAT', ARGV[4])
return { 'deleted' }
