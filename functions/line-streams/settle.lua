#!lua flags=allow-key-locking
-- Acknowledges messages, puts them back, or prolongs them, for whoever holds their receipts.
--
-- KEYS[1] operation  [2] group; then for each partition: stream, due, held (see poll.lua)
-- ARGV[1] group known to the Worker  [2] expires_at_ms  [3] answer_until_ms  [4] 'ack' | 'nack' | 'extend'  [5] delay or visibility in ms
--   [6] ordered  [7] group's name; then for each receipt: which partition in KEYS (from 1), id, nonce
--
-- Returns { 'settled', one letter a receipt: o(k), s(tale), g(one), somebody waits } or, with nothing done, { 'stale', group },
--   { 'expired', now }. All receipts are judged before anything is done.
--
-- A repeat finds its operation and answers as the first time. Leaves the operation until answer_until_ms, all else without TTL.
local group = redis.call('HMGET', KEYS[2], 'config', 'waiting')
if group[1] ~= ARGV[1] then return { 'stale', group[1] } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local is_awaited = tonumber(group[2] or 0) > now and 1 or 0
local known = redis.call('GET', KEYS[1])
if known then return { 'settled', known, is_awaited } end
if now > tonumber(ARGV[2]) then return { 'expired', now } end

local ids_in, asked, stored = {}, {}, {}
for at = 8, #ARGV, 3 do
  local i, id = tonumber(ARGV[at]), ARGV[at + 1]
  ids_in[i], asked[i] = ids_in[i] or {}, asked[i] or {}
  if not asked[i][id] then table.insert(ids_in[i], id) end
  asked[i][id] = true
end
for i, ids in pairs(ids_in) do
  stored[i] = {}
  for n, record in ipairs(redis.call('HMGET', KEYS[3 * i + 2], unpack(ids))) do
    local nonce, deliveries, holder = string.match(record or '', '^(%S+) (%S+) (%S+)$')
    if nonce then stored[i][ids[n]] = { nonce = nonce, deliveries = deliveries, holder = holder } end
  end
end
local letters, good_in, held_by = {}, {}, {}
for at = 8, #ARGV, 3 do
  local i, id = tonumber(ARGV[at]), ARGV[at + 1]
  local found = stored[i][id]
  local letter = not found and 'g' or found.nonce ~= ARGV[at + 2] and 's' or 'o'
  if letter == 'o' and not found.is_counted then
    good_in[i], found.is_counted = good_in[i] or {}, true
    table.insert(good_in[i], id)
    held_by[found.holder] = (held_by[found.holder] or 0) + 1
  end
  letters[#letters + 1] = letter
end

-- What follows a message that is put back must not overtake it: in an ordered group it is put back too.
local function put_back(i, ids, due_ms)
  local records, dues = {}, {}
  for _, id in ipairs(ids) do
    local deliveries, holder = string.match(redis.call('HGET', KEYS[3 * i + 2], id), '^%S+ (%S+) (%S+)$')
    for _, value in ipairs({ id, '- ' .. deliveries .. ' ' .. holder }) do records[#records + 1] = value end
    for _, value in ipairs({ due_ms, id }) do dues[#dues + 1] = value end
  end
  redis.call('HSET', KEYS[3 * i + 2], unpack(records))
  redis.call('ZADD', KEYS[3 * i + 1], unpack(dues))
end
for i, ids in pairs(good_in) do
  local until_ms = string.format('%.0f', now + ARGV[5])
  if ARGV[4] == 'ack' then
    redis.call('XACK', KEYS[3 * i], ARGV[7], unpack(ids))
    redis.call('ZREM', KEYS[3 * i + 1], unpack(ids))
    redis.call('HDEL', KEYS[3 * i + 2], unpack(ids))
  elseif ARGV[4] == 'nack' and ARGV[6] == '1' then
    local pending, behind, is_behind = redis.call('XPENDING', KEYS[3 * i], ARGV[7], '-', '+', 1000), {}, false
    for _, entry in ipairs(pending) do
      is_behind = is_behind or stored[i][entry[1]] and stored[i][entry[1]].is_counted
      if is_behind then behind[#behind + 1] = entry[1] end
    end
    put_back(i, behind, until_ms)
  elseif ARGV[4] == 'nack' then put_back(i, ids, until_ms)
  else for _, id in ipairs(ids) do redis.call('ZADD', KEYS[3 * i + 1], until_ms, id) end end
end
for holder, n in pairs(held_by) do
  if ARGV[4] == 'ack' then redis.call('HINCRBY', KEYS[2], 'c ' .. holder, -n) end
  if ARGV[4] == 'extend' then redis.call('HSET', KEYS[2], 's ' .. holder, string.format('%.0f', now)) end
end
redis.call('SET', KEYS[1], table.concat(letters), 'PXAT', ARGV[3])
return { 'settled', table.concat(letters), is_awaited }
