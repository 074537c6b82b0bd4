-- ARGV: owner, number, notice, notice_ms, ttl_ms. Answers: clock, ended.

local ended = end_turn(ARGV[1], tonumber(ARGV[2]))
if ended then
  if ARGV[3] ~= '' then
    redis.call('HSET', key, 'notice', ARGV[3], 'notice_ends_ms', text(now + tonumber(ARGV[4])))
  end
  keep(math.max(tonumber(ARGV[5]), hour))
end
return { now, ended and 1 or 0 }
