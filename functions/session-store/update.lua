#!lua flags=allow-key-locking
-- Changes fields of a session, all or none, and touches it past half of its idle limit.
-- KEYS[1] operation  string: `<fingerprint> <nonce> <answer>`  [2] session  hash, see record.ts  [3] user  see devices.ts
-- ARGV[1] token hash  [2] expires_at_ms  [3] answer_until_ms  [4] refusal_until_ms  [5] fingerprint  [6] nonce
--   [7] version that must be current, or ''  [8] idle_ms  [9] bytes_max  [10] fields_max  [11] skus_max  [12] quantity_max
--   [13] 'cart' when the answer must hold it, or ''; then for each change: set | unset | add, field, value
-- Leaves the operation until answer_until_ms (a refusal: refusal_until_ms) unless there are no changes; moves the TTL of the
-- session with its idle limit, never beyond its absolute one.
-- Returns { 'answer', text, replayed, kid } with text `done <version> <sku>=<quantity> ...`, `version <version>`, `too_large`,
--   `too_many_fields`, `cart_full` or `quantity_range`; or, with nothing done, { 'no_session' | 'mismatch' | 'expired', now }.
-- A repeat finds its operation and answers as the first time, to other requests only while the session lives.
local known = redis.call('GET', KEYS[1])
local mark, nonce, answer = string.match(known or '', '^(%S+) (%S+) (.*)$')
if known and nonce == ARGV[6] then return { 'answer', answer, 0, '' } end
local first, names = 14, {}
for i = first, #ARGV, 3 do names[#names + 1] = ARGV[i + 1] end
local s = redis.call('HMGET', KEYS[2], 'm:token', 'm:until', 'm:epoch', 'p:' .. ARGV[1], 'm:version', 'm:bytes', 'm:fields',
  'm:skus', 'm:absolute', 'm:public', unpack(names))
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local grace, kid = string.match(s[4] or '', '^(%S+) (%S+)$')
if not s[1] or tonumber(s[2]) <= now then return { 'no_session' } end
if s[1] ~= ARGV[1] and not (grace and tonumber(grace) > now) then return { 'no_session' } end
if tonumber(s[3]) < tonumber(redis.call('HGET', KEYS[3], 'epoch') or 0) then return { 'no_session' } end
kid = s[1] == ARGV[1] and '' or kid
if known then return mark == ARGV[5] and { 'answer', answer, 1, kid } or { 'mismatch' } end
if now > tonumber(ARGV[2]) then return { 'expired', now } end
local function finish(text, until_ms)
  if #ARGV >= first then redis.call('SET', KEYS[1], ARGV[5] .. ' ' .. ARGV[6] .. ' ' .. text, 'PXAT', until_ms) end
  return { 'answer', text, 0, kid }
end
if ARGV[7] ~= '' and ARGV[7] ~= s[5] then return finish('version ' .. s[5], ARGV[4]) end

local set, unset, grown = {}, {}, { bytes = 0, ['d:'] = 0, ['c:'] = 0 }
for i = first, #ARGV, 3 do
  local old, new, name = s[11 + (i - first) / 3], ARGV[i + 2], ARGV[i + 1]
  if ARGV[i] == 'unset' then new = false end
  if ARGV[i] == 'add' then new = string.format('%.0f', tonumber(old or 0) + tonumber(new)) end
  if ARGV[i] == 'add' and tonumber(new) > tonumber(ARGV[12]) then return finish('quantity_range', ARGV[4]) end
  if new and new ~= old then set[#set + 1] = name; set[#set + 1] = new end
  if old and not new then unset[#unset + 1] = name end
  local function size(value) return value and #name - 2 + #value or 0 end
  grown.bytes = grown.bytes + size(new) - size(old)
  local kind = string.sub(name, 1, 2)
  grown[kind] = grown[kind] + (new and 1 or 0) - (old and 1 or 0)
end
local bytes, fields, skus = s[6] + grown.bytes, s[7] + grown['d:'], s[8] + grown['c:']
if grown.bytes > 0 and bytes > tonumber(ARGV[9]) then return finish('too_large', ARGV[4]) end
if grown['d:'] > 0 and fields > tonumber(ARGV[10]) then return finish('too_many_fields', ARGV[4]) end
if grown['c:'] > 0 and skus > tonumber(ARGV[11]) then return finish('cart_full', ARGV[4]) end
local changed = #set + #unset > 0
if changed then
  s[5] = string.format('%.0f', s[5] + 1)
  redis.call('HSET', KEYS[2], 'm:version', s[5], 'm:bytes', bytes, 'm:fields', fields, 'm:skus', skus, unpack(set))
  if #unset > 0 then redis.call('HDEL', KEYS[2], unpack(unset)) end
end
if tonumber(s[2]) - now < ARGV[8] / 2 and tonumber(s[2]) < tonumber(s[9]) then
  local seen, until_ms = string.format('%.0f', now), string.format('%.0f', math.min(now + ARGV[8], s[9]))
  redis.call('HSET', KEYS[2], 'm:seen', seen, 'm:until', until_ms)
  redis.call('PEXPIREAT', KEYS[2], until_ms)
  local created, device = string.match(redis.call('HGET', KEYS[3], 's:' .. s[10]) or '', '^(%S+) %S+ %S+ (.*)$')
  if created then redis.call('HSET', KEYS[3], 's:' .. s[10], table.concat({ created, seen, until_ms, device }, ' ')) end
end
local text = 'done ' .. s[5]
local all = ARGV[13] == 'cart' and redis.call('HGETALL', KEYS[2]) or {}
for i = 1, #all, 2 do
  if string.sub(all[i], 1, 2) == 'c:' then text = text .. ' ' .. string.sub(all[i], 3) .. '=' .. all[i + 1] end
end
return finish(text, ARGV[3])
