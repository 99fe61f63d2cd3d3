#!lua flags=allow-key-locking
-- Deletes a group with what it holds and its dead letters. Messages stay.
--
-- KEYS[1] operation  [2] topic  [3] group  [4] dead  [5] letters; then for each partition: stream, due, held
-- ARGV[1] group known to the Worker  [2] group's name  [3] expires_at_ms  [4] answer_until_ms
--
-- Returns { 'deleted' } or, with nothing done, { 'stale', group }, { 'expired', now }.
--
-- A repeat finds its operation and answers as the first time: it deletes nothing that was made later.
if redis.call('EXISTS', KEYS[1]) == 1 then return { 'deleted' } end
local config = redis.call('HGET', KEYS[3], 'config')
if config ~= ARGV[1] then return { 'stale', config } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[3]) then return { 'expired', now } end

redis.call('HDEL', KEYS[2], 'g ' .. ARGV[2])
redis.call('UNLINK', KEYS[3], KEYS[4], KEYS[5])
for i = 6, #KEYS, 3 do
  if redis.call('EXISTS', KEYS[i]) == 1 then redis.call('XGROUP', 'DESTROY', KEYS[i], ARGV[2]) end
  redis.call('UNLINK', KEYS[i + 1], KEYS[i + 2])
end
redis.call('SET', KEYS[1], '1', 'PXAT', ARGV[4])
return { 'deleted' }
