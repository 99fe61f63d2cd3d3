#!lua flags=allow-key-locking
-- Hands a consumer messages, those that came due and then new ones. What has used up its deliveries becomes a dead letter.
-- KEYS[1] operation  [2] group  [3] dead (sorted set: letters by age)  [4] letters (hash); then for each partition: stream, due
--   (sorted set: id by when it may be claimed), held (hash: id to `nonce deliveries consumer`); then all marks, to wait
-- ARGV[1] group known to the Worker  [2] expires_at_ms  [3] answer_until_ms  [4] nonce  [5] consumer  [6] max  [7] wait_ms  [8] visibility_ms
--   [9] deliveries_max  [10] ordered  [11..14] bounds: pending, consumers, bytes, letters  [15] group's name  [16] wait_ms_max; then the partitions
-- Returns { 'messages', next due in ms or -1, somebody waits, { partition, id, deliveries, key, payload, ... }, now, may there be more } or,
--   with nothing handed out, { 'too_many_pending' | 'too_many_consumers' }, { 'stale', group }, { 'expired', now }. A repeat hands out the
--   same again, as far as it is its consumer's, and nothing else. Leaves the operation until answer_until_ms, all else without TTL.
local consumer, out, bytes, told, skipped, held_by = ARGV[5], {}, 0, '', 0, setmetatable({}, { __index = function() return 0 end })
local group = redis.call('HMGET', KEYS[2], 'config', 'c ' .. consumer, 's ' .. consumer, 'consumers', 'waiting')
if group[1] ~= ARGV[1] then return { 'stale', group[1] } end
local function hand(...) for _, value in ipairs({ ... }) do out[#out + 1] = value end end
local known = redis.call('GET', KEYS[1])
for i, id, deliveries in string.gmatch(known or '', '(%d+) (%S+) (%d+);') do
  local is_mine = redis.call('HGET', KEYS[3 * i + 4], id) == table.concat({ ARGV[4], deliveries, consumer }, ' ')
  local entry = is_mine and redis.call('XRANGE', KEYS[3 * i + 2], id, id)[1]
  if entry then hand(ARGV[16 + i], id, deliveries, entry[2][4], entry[2][2]) end
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if not known and now > tonumber(ARGV[2]) then return { 'expired', now } end
if not group[3] and tonumber(group[4] or 0) >= tonumber(ARGV[12]) then return { 'too_many_consumers' } end
redis.call('HSET', KEYS[2], 's ' .. consumer, string.format('%.0f', now), 'consumers', (group[4] or 0) + (group[3] and 0 or 1))
local room, free, is_ordered, deliveries_max = tonumber(ARGV[6]), ARGV[11] - (group[2] or 0), ARGV[10] == '1', tonumber(ARGV[9])
local function forget(i, id, holder)
  held_by[holder] = held_by[holder] - 1
  return redis.call('XACK', KEYS[3 * i + 2], ARGV[15], id), redis.call('ZREM', KEYS[3 * i + 3], id), redis.call('HDEL', KEYS[3 * i + 4], id)
end
local function bury(i, id, deliveries, holder) -- false when there is no room for another letter: then it waits on
  if redis.call('HLEN', KEYS[4]) >= tonumber(ARGV[14]) then return redis.call('ZADD', KEYS[3 * i + 3], now + ARGV[8], id) < 0 end
  local entry, name = redis.call('XRANGE', KEYS[3 * i + 2], id, id)[1], id .. '-' .. ARGV[16 + i]
  local letter = entry and cjson.encode({ tonumber(deliveries), now, holder, entry[2][4], entry[2][2] })
  if letter then redis.call('ZADD', KEYS[3], string.match(id, '^%d+'), name) redis.call('HSET', KEYS[4], name, letter) end
  return forget(i, id, holder)
end
local function serve(i)
  local stream, due, held, ids, claim, before, dues, records = KEYS[3 * i + 2], KEYS[3 * i + 3], KEYS[3 * i + 4], {}, {}, {}, {}, {}
  local function give(id, fields, deliveries, holder)
    local is_over, n = #out > 0 and bytes + #fields[2] > tonumber(ARGV[13]), #dues
    dues[n + 1], dues[n + 2], records[n + 1], before[id] = is_over and now or now + ARGV[8], id, id, nil
    records[n + 2] = (is_over and '- ' .. deliveries or ARGV[4] .. ' ' .. deliveries + 1) .. ' ' .. consumer
    held_by[consumer], bytes, room = held_by[consumer] + 1, bytes + #fields[2] + #fields[4] + 200, is_over and 0 or room - 1
    if holder then held_by[holder] = held_by[holder] - 1 else free = free - 1 end
    if not is_over then told = told .. i .. ' ' .. id .. ' ' .. deliveries + 1 .. ';' hand(ARGV[16 + i], id, deliveries + 1, fields[4], fields[2]) end
  end
  local listed = { 'XPENDING', stream, ARGV[15], '-', '+', is_ordered and room or ARGV[11], not is_ordered and consumer or nil }
  if not is_ordered and free > 0 then ids, listed = redis.call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', 0, room), nil end
  for _, entry in ipairs(listed and redis.call(unpack(listed)) or {}) do -- who may hold no more gets its own again, or nobody ever would
    if #ids < room and (is_ordered or tonumber(redis.call('ZSCORE', due, entry[1]) or 0) <= now) then ids[#ids + 1] = entry[1] end
  end
  for n, record in ipairs(#ids > 0 and redis.call('HMGET', held, unpack(ids)) or {}) do
    local id, deliveries, holder = ids[n], string.match(record or '- 0 -', '^%S+ (%d+) (%S+)$')
    local is_alone = is_ordered and deliveries + 1 == deliveries_max -- its last try: whoever follows is not drawn into it
    if is_ordered and tonumber(redis.call('ZSCORE', due, id) or 0) > now or is_alone and #claim > 0 then break end
    local is_left, is_stuck = tonumber(deliveries) < deliveries_max, holder ~= consumer and free <= 0
    if not is_left then is_stuck = not bury(i, id, deliveries, holder) end
    if is_left and not is_stuck then claim[#claim + 1], before[id], free = id, { deliveries, holder }, free - (holder == consumer and 0 or 1) end
    if is_alone or is_ordered and is_stuck then break end
  end
  for _, entry in ipairs(#claim > 0 and redis.call('XCLAIM', stream, ARGV[15], consumer, 0, unpack(claim)) or {}) do give(entry[1], entry[2], unpack(before[entry[1]])) end
  for id, was in pairs(before) do forget(i, id, was[2]) end -- somebody deleted it from the stream by hand
  local new, passed, most = nil, is_ordered and redis.call('ZCARD', due) > 0 and skipped or -1, is_ordered and deliveries_max == 1 and 1 or room
  while skipped > passed and math.min(room, free) > 0 and skipped < 1000 do
    passed, new = skipped, redis.call('XREADGROUP', 'GROUP', ARGV[15], consumer, 'COUNT', math.min(room, free, most), 'STREAMS', stream, '>')
    for _, entry in ipairs(new and new[1][2] or {}) do -- a redriven one is for the group that redrove it
      if (entry[2][6] or ARGV[15]) == ARGV[15] then give(entry[1], entry[2], 0) else skipped = skipped + redis.call('XACK', stream, ARGV[15], entry[1]) end
    end
  end
  if #dues > 0 then redis.call('ZADD', due, unpack(dues)) redis.call('HSET', held, unpack(records)) end
end
for i = 1, known and 0 or #ARGV - 16 do if room > 0 then serve(i) end end
for who, by in pairs(held_by) do if by ~= 0 then redis.call('HINCRBY', KEYS[2], 'c ' .. who, by) end end
if not known and free <= 0 and #out == 0 then return { 'too_many_pending' } end
local next_due, until_ms, marks, far = math.huge, tonumber(group[5] or 0), 3 * (#ARGV - 16) + 5, string.format('%.0f', now + 2 * ARGV[16]) -- beyond any wait
if not known then redis.call('SET', KEYS[1], told .. '-', 'PXAT', ARGV[3]) end
if #out > 0 or ARGV[7] == '0' then return { 'messages', -1, until_ms > now and 1 or 0, out, now, (known or math.min(room, free) <= 0) and 1 or 0 } end
for i = marks - 1, until_ms < now + ARGV[7] and #KEYS or 0 do redis.call('HSET', KEYS[i < marks and 2 or i], 'waiting', far) end
for i = 1, #ARGV - 16 do next_due = math.min(next_due, redis.call('ZRANGE', KEYS[3 * i + 3], 0, 0, 'WITHSCORES')[2] or next_due) end
return { 'messages', skipped >= 1000 and 0 or next_due < math.huge and math.max(0, next_due - now) or -1, 1, out, now, 0 }
