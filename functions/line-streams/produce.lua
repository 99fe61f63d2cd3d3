#!lua flags=allow-key-locking
-- Appends messages to their partitions, all or none, and first trims what is too old or too much and needed by no group.
--
-- KEYS[1] operation; then for each partition: stream, mark (hash: `config` of the topic, `waiting` until when somebody may wait)
-- ARGV[1] topic known to the Worker  [2] expires_at_ms  [3] answer_until_ms  [4] refusal_until_ms  [5] fingerprint  [6] nonce
--   [7] length_max  [8] retention_ms or 0  [9] trim_max; then for each message: place in KEYS, partition, key or '', payload
--
-- Returns { 'answer', text, replayed, somebody waits } with text `partition id;...`, `backlog_full` or `beyond_length`; or, with nothing
--   done, { 'mismatch' }, { 'stale', topic }, { 'expired', now }.
--
-- A repeat finds its operation and answers as the first time. Leaves the operation until answer_until_ms (a refusal:
-- refusal_until_ms), all else without TTL. Costs by what is appended and trimmed, never by the length of a stream.
local known, refused = redis.call('GET', KEYS[1]), ''
if known then
  local fingerprint, nonce, answer = string.match(known, '^(%S+) (%S+) (.*)$')
  if fingerprint ~= ARGV[5] then return { 'mismatch' } end
  -- A refusal is final for all requests that were refused, whose copies may be under way; another one may try again.
  local is_mine = string.find(',' .. nonce .. ',', ',' .. ARGV[6] .. ',', 1, true)
  if is_mine or string.find(answer, ' ') then return { 'answer', answer, is_mine and 0 or 1, 1 } end
  refused = ',' .. string.sub(nonce, 1, 2048)
end
local mark = redis.call('HMGET', KEYS[3], 'config', 'waiting')
if mark[1] ~= ARGV[1] then return { 'stale', mark[1] } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[2]) then return { 'expired', now } end
local function finish(answer, until_ms)
  redis.call('SET', KEYS[1], ARGV[5] .. ' ' .. ARGV[6] .. (string.find(answer, ' ') and '' or refused) .. ' ' .. answer, 'PXAT', until_ms)
  return { 'answer', answer, 0, now < tonumber(mark[2] or 0) and 1 or 0 }
end
local function numbers(id)
  local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(sequence)
end
local function is_before(id, other)
  local ms, sequence = numbers(id)
  local other_ms, other_sequence = numbers(other)
  return ms < other_ms or ms == other_ms and sequence < other_sequence
end
local function behind(id)
  local ms, sequence = numbers(id)
  return string.format('%.0f-%.0f', ms, sequence + 1)
end
-- The first id that some group has not had acknowledged; nil without groups.
local function floor_of(stream)
  local floor
  for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    local of = {}
    for i = 1, #info, 2 do of[info[i]] = info[i + 1] end
    local first = of.pending > 0 and redis.call('XPENDING', stream, of.name)[2] or behind(of['last-delivered-id'])
    if not floor or is_before(first, floor) then floor = first end
  end
  return floor
end
-- Whether there is room for what makes the stream longer than it may be by `excess`.
local function trim(stream, excess)
  local wanted, cutoff = math.min(excess, tonumber(ARGV[9])), tonumber(ARGV[8]) > 0 and now - ARGV[8] or 0
  local first = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  if not first or wanted <= 0 and numbers(first[1]) >= cutoff then return wanted <= 0 end
  local floor = floor_of(stream)
  if floor and not is_before(first[1], floor) then return wanted <= 0 end
  local last, oldest = nil, redis.call('XRANGE', stream, '-', '+', 'COUNT', cutoff > 0 and ARGV[9] or wanted)
  for i, entry in ipairs(oldest) do if i <= wanted or numbers(entry[1]) < cutoff then last = behind(entry[1]) end end
  if floor and is_before(floor, last) then last = floor end
  return redis.call('XTRIM', stream, 'MINID', '=', last) >= wanted
end
local adding, ids = {}, {}
for at = 10, #ARGV, 4 do adding[ARGV[at]] = (adding[ARGV[at]] or 0) + 1 end
for place, count in pairs(adding) do
  if count > tonumber(ARGV[7]) then return finish('beyond_length', ARGV[4]) end
  local stream = KEYS[2 * place]
  local excess = redis.call('XLEN', stream) + count - ARGV[7]
  if (excess > 0 or ARGV[8] ~= '0') and not trim(stream, excess) then return finish('backlog_full', ARGV[4]) end
end
for at = 10, #ARGV, 4 do
  local stream, key, payload = KEYS[2 * ARGV[at]], ARGV[at + 2], ARGV[at + 3]
  ids[#ids + 1] = ARGV[at + 1] .. ' ' .. redis.call('XADD', stream, '*', 'p', payload, 'k', key)
end
return finish(table.concat(ids, ';'), ARGV[3])
