-- ARGV: owner, seen, saw_number, saw_fingerprint, turn_ms. Answers: clock, won, number,
-- left_ms.

local owner, seen, length = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[5])

if turn.ends > now and turn.owner ~= owner then return { now, 0, turn.number, turn.ends - now } end
if turn.ends <= now then
  if turn.number ~= tonumber(ARGV[3]) or entry.fingerprint ~= ARGV[4] then return { now, 0, turn.number, 0 } end
  turn.number = math.max(turn.number, seen) + 1
end
redis.call('HSET', key, 'number', text(turn.number), 'owner', owner, 'turn_ends_ms', text(now + length))
keep(hour)
return { now, 1, turn.number, length }
