#!lua flags=allow-key-locking
-- Judges checks by the generic cell rate algorithm, and charges all of them or none.
--
-- KEYS[i] level of check i  string: `<level> <at_ms> <revision> <limit> <window_ms> <burst> <back_ms>`; absent: nothing is used
-- ARGV[5i-4..5i] of check i: revision, limit, window_ms, burst, cost
-- ARGV[5n+1] keep_ms_min  [5n+2] 1 to charge what passes, 0 to look
--
-- A unit fills the level by window_ms and limit drains from it each millisecond, so that all is whole numbers below
-- 2^53. A level in the units of another window is converted and rounded up: what is used stays used.
-- A clock that steps back drains nothing until it has caught up with at_ms, or for one window since back_ms, when that was
-- first seen; 0 while the clock is ahead.
--
-- Returns { 'judged', 1 if all pass, then of each check: 1 if it passes, remaining, reset_ms, retry_ms }
-- or, with nothing done, { 'stale', then of each check the level's own revision, limit, window_ms, burst, or 0 0 0 0 }.
--
-- Leaves a level for as long as it drains and at least keep_ms_min. A repeat charges again: a check is sent once.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local levels = redis.call('MGET', unpack(KEYS))
local checks, newer, is_stale, passes = {}, { 'stale' }, false, true
for i = 1, #KEYS do
  local revision, limit, window, burst, cost = unpack(ARGV, 5 * i - 4, 5 * i)
  local check = { revision = tonumber(revision), limit = tonumber(limit), window = tonumber(window), burst = tonumber(burst) }
  local kept = {}
  for part in string.gmatch(levels[i] or '', '%d+') do kept[#kept + 1] = tonumber(part) end
  local level, at, back = kept[1] or 0, kept[2] or now, kept[7] or 0
  if at <= now then back = 0 elseif back == 0 or back > now then back = now end
  local from = back > 0 and math.min(at, back + check.window) or at
  if kept[1] and now >= from then level, at, back = math.max(0, level - kept[4] * (now - from)), now, 0 end
  if kept[1] and kept[5] ~= check.window then level = math.ceil(level / kept[5] * check.window) end
  local is_newer = kept[1] and kept[3] > check.revision
  for part = 3, 6 do newer[#newer + 1] = is_newer and kept[part] or 0 end
  is_stale = is_stale or is_newer
  check.level, check.at, check.back, check.behind = level, at, back, math.max(0, from - now)
  check.is_outdated = kept[1] and (kept[3] < check.revision or (kept[7] or 0) ~= back)
  check.cost = tonumber(cost) * check.window
  check.over = level + check.cost - check.burst * check.window
  passes = passes and check.over <= 0
  checks[i] = check
end
if is_stale then return newer end
local reply, charges = { 'judged', passes and 1 or 0 }, passes and ARGV[#ARGV] == '1'
for i, check in ipairs(checks) do
  local level, behind = check.level + (charges and check.cost or 0), check.behind
  local reset = level > 0 and math.ceil(level / check.limit) + behind or 0
  if charges or check.is_outdated then
    local text = string.format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f', level, check.at, check.revision, check.limit, check.window, check.burst, check.back)
    redis.call('SET', KEYS[i], text, 'PX', math.max(reset, tonumber(ARGV[#ARGV - 1])))
  end
  reply[#reply + 1] = check.over <= 0 and 1 or 0
  reply[#reply + 1] = math.max(0, math.floor(check.burst - level / check.window))
  reply[#reply + 1] = reset
  reply[#reply + 1] = check.over > 0 and math.ceil(check.over / check.limit) + behind or 0
end
return reply
