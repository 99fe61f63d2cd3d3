#!lua flags=allow-key-locking
-- Stores a policy, under a new revision if it is another than the one there.
--
-- KEYS[1] operation  string: what this call answered
-- KEYS[2] policies   hash: name to `<revision> <definition>`; no TTL
-- KEYS[3] revision   string: the last one given; no TTL
-- ARGV[1] name  [2] definition  [3] continuity: what may not change  [4] policies_max  [5] expires_at_ms  [6] answer_until_ms
--
-- Returns { 'created' | 'changed' | 'unchanged' | 'differs', policy }, { 'too_many', '' }
-- or, with nothing done, { 'expired', now }. The continuity of a policy is its algorithm, with `/<window_ms>` unless that is
-- gcra, and `/<burst>` if it is token-bucket.
--
-- A repeat finds its operation and answers as the first time: it undoes no later change.
local known = redis.call('GET', KEYS[1])
if known then return { string.match(known, '^(%S+) (.*)$') } end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if now > tonumber(ARGV[5]) then return { 'expired', now } end

local function decide()
  local policy = redis.call('HGET', KEYS[2], ARGV[1])
  if policy then
    local definition = string.match(policy, '^%d+ (.*)$')
    local algorithm, window, burst = string.match(definition, '^%d+ (%S+) %d+ (%d+) (%d+)')
    local continuity = algorithm .. (algorithm == 'gcra' and '' or '/' .. window) .. (algorithm == 'token-bucket' and '/' .. burst or '')
    if definition == ARGV[2] then return 'unchanged', policy end
    if continuity ~= ARGV[3] then return 'differs', policy end
  elseif redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then
    return 'too_many', ''
  end
  local stored = string.format('%.0f', redis.call('INCR', KEYS[3])) .. ' ' .. ARGV[2]
  redis.call('HSET', KEYS[2], ARGV[1], stored)
  return policy and 'changed' or 'created', stored
end
local answer, policy = decide()
redis.call('SET', KEYS[1], answer .. ' ' .. policy, 'PXAT', ARGV[6])
return { answer, policy }
