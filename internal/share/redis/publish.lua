-- ARGV: owner, number, entry, generation, fingerprint, expiry_ms, replaces, ttl_ms, and
-- the generation and the fingerprint of junk, or '' twice. Answers: clock, stored.

local generation, fingerprint, expiry, ttl = tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[8])

local function may_be_stored()
  if entry.sealed == '' then return true end
  if entry.generation == generation and entry.fingerprint == fingerprint then return true end
  if ARGV[9] ~= '' and entry.generation == tonumber(ARGV[9]) and entry.fingerprint == ARGV[10] then return true end
  return generation >= entry.generation and (expiry > entry.expiry or entry.fingerprint == ARGV[7])
end

local is_stored = may_be_stored()
if is_stored then
  redis.call('HSET', key, 'entry', ARGV[3], 'generation', text(generation), 'fingerprint', fingerprint,
    'expiry_ms', text(expiry))
  redis.call('HDEL', key, 'notice', 'notice_ends_ms')
end
local ended = end_turn(ARGV[1], tonumber(ARGV[2]))
if is_stored or ended then keep(math.max(ttl, hour)) end
return { now, is_stored and 1 or 0 }
