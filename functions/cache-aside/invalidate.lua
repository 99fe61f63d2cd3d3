#!lua flags=allow-key-locking
-- Drops the cached entries of many items, and with their leases every fill under way.
--
-- KEYS[2n-1]  data   string: the cached entry of the n-th item
-- KEYS[2n]    lease  hash: its grants to fill
--
-- Returns how many of the items were cached or being loaded.
--
-- Safe to send twice: the second time there is less to drop, and the count says so.

local dropped = 0
for i = 1, #KEYS, 2 do
  if redis.call('DEL', KEYS[i], KEYS[i + 1]) > 0 then dropped = dropped + 1 end
end
return dropped
