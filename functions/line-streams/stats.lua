#!lua flags=no-writes,allow-key-locking
-- Reads how long a topic is and how far each group has come.
--
-- KEYS[1] topic; then streams; then for each group: group, dead
-- ARGV[1] topic known to the Worker  [2] partitions  [3] entries counted at most where Redis does not know a lag; then the groups' names
--
-- Returns { 'stats', now, { length, ... }, { lag, pending, oldest pending id or '', dead, { field, value, ... }, ... } } or { 'stale' }.
--
-- Writes nothing. Costs by partitions and groups, not by messages.
local partitions = tonumber(ARGV[2])
local names, now = #ARGV - 3, redis.call('TIME')
if redis.call('HGET', KEYS[1], 'config') ~= ARGV[1] or redis.call('HLEN', KEYS[1]) ~= names + 1 then return { 'stale' } end
local lengths, out, of = {}, {}, {}
for i = 1, partitions do
  local stream = KEYS[1 + i]
  lengths[i] = redis.call('XLEN', stream)
  for _, info in ipairs(redis.call('EXISTS', stream) == 1 and redis.call('XINFO', 'GROUPS', stream) or {}) do
    local fields = {}
    for n = 1, #info, 2 do fields[info[n]] = info[n + 1] end
    local total = of[fields.name] or { lag = 0, pending = 0, oldest = '' }
    of[fields.name] = total
    local lag = fields.lag or #redis.call('XRANGE', stream, '(' .. fields['last-delivered-id'], '+', 'COUNT', ARGV[3])
    total.lag, total.pending = total.lag + lag, total.pending + fields.pending
    local first = fields.pending > 0 and redis.call('XPENDING', stream, fields.name)[2]
    local is_older = first and (total.oldest == '' or tonumber(string.match(first, '^%d+')) < tonumber(string.match(total.oldest, '^%d+')))
    if is_older then total.oldest = first end
  end
end
for n = 1, names do
  local total = of[ARGV[3 + n]] or { lag = 0, pending = 0, oldest = '' }
  local group, dead = KEYS[partitions + 2 * n], KEYS[partitions + 2 * n + 1]
  for _, value in ipairs({ total.lag, total.pending, total.oldest, redis.call('ZCARD', dead), redis.call('HGETALL', group) }) do
    out[#out + 1] = value
  end
end
return { 'stats', now[1] * 1000 + math.floor(now[2] / 1000), lengths, out }
