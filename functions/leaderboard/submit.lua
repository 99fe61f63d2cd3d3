#!lua flags=allow-key-locking
-- Submits scores to a board and its windows, all of them or none, and ranks each.
-- KEYS[1] operation  [2] board  [3] metadata  [4] members  [5] sequence  [6..] rankings: all time, then windows
-- ARGV[1] board known to the Worker  [2] expires_at_ms  [3] answer_until_ms  [4] refusal_until_ms  [5] fingerprint
--   [6] nonce  [7] day  [8] mode  [9] tie  [10] rank mode  [11] members_max  [12] ` id id `: closed periods to keep
--   [13] order; then for each ranking: id, expires_at_ms; then for each score: member, stored score, metadata or ''
-- Leaves the operation until answer_until_ms (a refusal: refusal_until_ms), a window until its expires_at_ms, others for good.
-- Returns { 'answer', text, replayed } with text `done <order> <applied> <previous or n> <score> <rank> <total>;...`,
--   `score_range <n>` or `board_full`; or, with nothing done, { 'mismatch' | 'stale', board | 'expired' or 'day', now }.
-- A repeat finds its operation and answers as the first time. A record in members is `<score> <place> <id>;...`
local seen = redis.call('MGET', KEYS[1], KEYS[2])
if seen[1] and seen[2] then
  local mark, nonce, answer = string.match(seen[1], '^(%S+) (%S+) (.*)$')
  if mark ~= ARGV[5] then return { 'mismatch' } end
  return { 'answer', answer, nonce == ARGV[6] and 0 or 1 }
end
if seen[2] ~= ARGV[1] then return { 'stale', seen[2] } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[2]) then return { 'expired', now } end
if math.floor(now / 86400000) ~= tonumber(ARGV[7]) then return { 'day', now } end
local function finish(answer, until_ms)
  redis.call('SET', KEYS[1], ARGV[5] .. ' ' .. ARGV[6] .. ' ' .. answer, 'PXAT', until_ms)
  return { 'answer', answer, 0 }
end
local rankings, ranking_of, sequenced = #KEYS - 5, {}, ARGV[9] ~= 'member'
for i = 1, rankings do ranking_of[ARGV[12 + 2 * i]] = i end
local function digits(number) return string.format('%.0f', number) end
local function element(place, member) return sequenced and place .. ':' .. member or member end
local function combined(old, score)
  if not old or ARGV[8] == 'set' then return score end
  return ARGV[8] == 'increment' and old + score or math.min(old, score)
end
local entries, results, total, added, first = {}, {}, redis.call('ZCARD', KEYS[6]), 0, 14 + 2 * rankings
local function load(member)
  local entry = { score = {}, place = {}, planned = {}, closed = '' }
  for i = 1, sequenced and 0 or rankings do entry.score[i] = tonumber(redis.call('ZSCORE', KEYS[5 + i], member)) end
  local record = sequenced and redis.call('HGET', KEYS[4], member) or ''
  for part, score, place, id in string.gmatch(record, '((%S+) (%S+) ([^;]+);)') do
    local i = ranking_of[id]
    if i then entry.score[i], entry.place[i] = tonumber(score), place
    elseif string.find(ARGV[12], ' ' .. id .. ' ', 1, true) then entry.closed = entry.closed .. part end
  end
  entries[member], added = entry, added + (entry.score[1] and 0 or 1)
  return entry
end
for at = first, #ARGV, 3 do
  local entry = entries[ARGV[at]] or load(ARGV[at])
  for i = 1, rankings do
    entry.planned[i] = combined(entry.planned[i] or entry.score[i], tonumber(ARGV[at + 1]))
    if math.abs(entry.planned[i]) > 9007199254740991 then return finish('score_range ' .. (at - first) / 3, ARGV[4]) end
  end
end
if added > 0 and total + added > tonumber(ARGV[11]) then return finish('board_full', ARGV[4]) end
for at = first, #ARGV, 3 do
  local member, score, entry = ARGV[at], tonumber(ARGV[at + 1]), entries[ARGV[at]]
  local previous, place, record = entry.score[1], nil, entry.closed
  for i = 1, rankings do
    local old, new, left = entry.score[i], combined(entry.score[i], score), entry.place[i]
    if new ~= old and sequenced then
      local number = not place and redis.call('INCR', KEYS[5])
      place = place or string.format('%016.0f', ARGV[9] == 'earliest' and number or 9007199254740991 - number)
      entry.place[i] = place
    end
    if new ~= old then redis.call('ZADD', KEYS[5 + i], digits(new), element(place, member)) end
    if new ~= old and left then redis.call('ZREM', KEYS[5 + i], element(left, member)) end -- last: empty, it loses its TTL
    if not old and i > 1 then redis.call('PEXPIREAT', KEYS[5 + i], ARGV[13 + 2 * i]) end
    entry.score[i] = new
    record = record .. digits(new) .. ' ' .. (entry.place[i] or '') .. ' ' .. ARGV[12 + 2 * i] .. ';'
  end
  if place then redis.call('HSET', KEYS[4], member, record) end
  local applied = ARGV[8] ~= 'best' or not previous or score < previous
  if applied and ARGV[at + 2] ~= '' then redis.call('HSET', KEYS[3], member, ARGV[at + 2]) end
  local stored, ahead = digits(entry.score[1]), nil
  if ARGV[10] == 'competition' then ahead = redis.call('ZCOUNT', KEYS[6], '-inf', '(' .. stored)
  else ahead = redis.call('ZRANK', KEYS[6], element(entry.place[1], member)) end
  total, previous = total + (previous and 0 or 1), previous and digits(previous) or 'n'
  results[#results + 1] = table.concat({ applied and 1 or 0, previous, stored, ahead + 1, total }, ' ')
end
return finish('done ' .. ARGV[13] .. ' ' .. table.concat(results, ';'), ARGV[3])
