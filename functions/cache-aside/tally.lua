#!lua flags=allow-key-locking
-- Adds what an isolate has counted to the sums of its tenant.
--
-- KEYS[1]  tally   hash: name of a count -> sum
-- ARGV[1]  ttl_ms  after so long without traffic the sums are forgotten
-- ARGV[2]  name, ARGV[3] by how much; and so on in pairs
--
-- Returns the number of counts.
--
-- A repeat counts twice, so it is sent once.

for i = 2, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return (#ARGV - 1) / 2
