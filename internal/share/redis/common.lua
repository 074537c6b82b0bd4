-- The beginning of each script: it reads the record of KEYS[1]. docs/reference/sharing-stores.md
-- says what the fields are, and that what does not parse is not there.

local key = KEYS[1]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local largest = 9007199254740991 -- 2^53 - 1
local hour = 3600000
local zeros = '0000000000000000'
local longest = 10924 -- 8 KiB in base64

-- Lua's own tostring would round.
local function text(n) return string.format('%.0f', n) end

local function integer(s)
  if not s then return 0 end
  if #s > 16 or not string.find(s, '^%d+$') then return nil end
  local n = tonumber(s)
  if n > largest then return nil end
  return n
end

local function number(s)
  local n = integer(s)
  if n and n < 4503599627370496 then return n end
  return nil
end

local function digits(s, length) return #s == length and string.find(s, '^[0-9a-f]+$') ~= nil end

-- sealed is base64 of at most 8 KiB, or ''.
local function sealed(s)
  if s and #s <= longest and #s % 4 == 0 and string.find(s, '^[%w+/]+=?=?$') then return s end
  return ''
end

local stored = redis.call('HMGET', key, 'number', 'owner', 'turn_ends_ms', 'entry', 'generation', 'fingerprint',
  'expiry_ms', 'notice', 'notice_ends_ms')

local turn = { number = number(stored[1]), owner = stored[2] or '', ends = integer(stored[3]) }
if not turn.number or not turn.ends or not (turn.owner == '' or digits(turn.owner, 32)) then
  turn = { number = 0, owner = '', ends = 0 }
end

local entry = { sealed = sealed(stored[4]), generation = number(stored[5]), fingerprint = stored[6] or '',
  expiry = integer(stored[7]) }
if entry.sealed == '' or not entry.generation or not digits(entry.fingerprint, 16)
  or not entry.expiry then
  entry = { sealed = '', generation = 0, fingerprint = zeros, expiry = 0 }
end

local notice = { sealed = sealed(stored[8]), ends = integer(stored[9]) }
if notice.sealed == '' or not notice.ends then
  notice = { sealed = '', ends = 0 }
end

-- A record only ever lasts longer.
local function keep(ms)
  if redis.call('PTTL', key) < ms then redis.call('PEXPIRE', key, text(ms)) end
end

-- end_turn ends the turn of an owner, up to a number, and tells whether there was one.
local function end_turn(owner, highest)
  if turn.owner ~= owner or turn.ends == 0 or turn.number > highest then return false end
  redis.call('HSET', key, 'number', text(turn.number), 'owner', turn.owner, 'turn_ends_ms', '0')
  return true
end
