"""The protocol's atomic steps, as Lua for Redis. ``store_memory`` holds the same steps in Python.

A *log* is a sorted set per model: every member is the id of a transaction that wrote to the model, scored
by itself; one member ``h:<life>:<nonce>`` is its header, scored by minus its floor: below the floor the log may
have forgotten writers, and a snapshot counts only if it sees every id there that the log does not hold.
Header and ids share a key on purpose: they can only be lost together. ``<life>`` names the Redis process and its replication
history, so what an earlier life logged is never trusted.
"""

from .snapshot import UNKNOWN_FLOOR

# The rules whose absence an auditor must notice (see benchmarks/soak_cache.py --mutate).
RULES = frozenset(
    {
        "log-before-commit",  # a writer is logged before it commits, not after
        "compare-window",  # ids between the two xmax decide
        "compare-running",  # ids that ran in one snapshot and ended in the other decide
        "birth",  # only the very log that somebody found new is opened with the floor that they asked for
        "life",  # a log of another life of Redis is no log
        "new-floor",  # a new log trusts no snapshot older than itself
        "prune-floor",  # pruning raises the floor
        "owe",  # a writer that cannot reach the store leaves a row in its own transaction
        "pay",  # a reader applies the rows that it sees
        "own-writes",  # a transaction that wrote neither reads nor stores
        "generation",  # a writer whose settings are no longer current owes a row
    }
)

_COMMON = """
local UNKNOWN = %(unknown)d
local TTL = 604800000
local function header(key, life)
  local h = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  local member = h[1]
  if not member or string.sub(member, 1, 2) ~= 'h:' then return nil end
  if %(life)s and string.sub(member, 3, 2 + #life) ~= life then return nil end
  return member, -tonumber(h[2])
end
local function parse(text)
  local a, b, xip, standby = string.match(text, '^(%%d+):(%%d+):([%%d,]*):([01])$')
  local s = {text = text, xmin = tonumber(a), xmax = tonumber(b), xip = {}, n = 0, standby = standby == '1'}
  for x in string.gmatch(xip, '%%d+') do
    s.xip[tonumber(x)] = x
    s.n = s.n + 1
  end
  return s
end
local function covers(key, floor, s)
  if s.xmin >= floor then return true end
  if s.standby or s.xmax < floor then return false end
  for id, text in pairs(s.xip) do
    if id < floor and not redis.call('ZSCORE', key, text) then return false end
  end
  return true
end
local function open_range(key, s)
  return s.standby and s.xmin < s.xmax
    and #redis.call('ZRANGEBYSCORE', key, s.xmin, '(' .. s.xmax, 'LIMIT', 0, 1) > 0
end
local function ended_in(key, one, other)
  for id, text in pairs(one.xip) do
    if id < other.xmax and not other.xip[id] and redis.call('ZSCORE', key, text) then return true end
  end
  return false
end
local function differ(key, one, other)
  if one.text == other.text and (not one.standby or one.xmin == one.xmax) then return false end
  if open_range(key, one) or open_range(key, other) then return true end
  local old, new = one, other
  if old.xmax > new.xmax then old, new = new, old end
  if %(compare_window)s and old.xmax < new.xmax then
    local ids = redis.call('ZRANGEBYSCORE', key, old.xmax, '(' .. new.xmax, 'LIMIT', 0, new.n + 1)
    for _, id in ipairs(ids) do
      if not new.xip[tonumber(id)] then return true end
    end
  end
  if %(compare_running)s and (ended_in(key, one, other) or ended_in(key, other, one)) then return true end
  return false
end
"""

# KEYS: entry, lease, logs…   ARGV: life, nonce, snapshot, known token, lease token, lease ms, previous?,
# then pairs (index of a log, id) of writers that the reader saw in the database's own ledger.
_LOOKUP = """
local life, nonce, known, lease, lease_ms = ARGV[1], ARGV[2], ARGV[4], ARGV[5], ARGV[6]
local now = parse(ARGV[3])
for i = 8, #ARGV, 2 do
  local key = KEYS[2 + tonumber(ARGV[i])]
  if header(key, life) then redis.call('ZADD', key, ARGV[i + 1], ARGV[i + 1]) end
end
local births, fresh, floors, usable = {}, {}, {}, true
for i = 3, #KEYS do
  local member, floor = header(KEYS[i], life)
  if not member then
    redis.call('DEL', KEYS[i])
    member, floor = 'h:' .. life .. ':' .. nonce, %(first_floor)s
    redis.call('ZADD', KEYS[i], -floor, member)
    redis.call('PEXPIRE', KEYS[i], TTL)
  end
  births[#births + 1] = member
  if floor == UNKNOWN then fresh[#fresh + 1] = i - 2 end
  floors[i] = floor
  if usable and not covers(KEYS[i], floor, now) then usable = false end
end
local birth = table.concat(births, ',')
if not usable then return {5, birth, table.concat(fresh, ',')} end
local e = redis.call('HMGET', KEYS[1], 's', 't', 'c')
local previous = false
if e[1] then
  local valid, stored = true, parse(e[1])
  for i = 3, #KEYS do
    if not covers(KEYS[i], floors[i], stored) or differ(KEYS[i], stored, now) then
      valid = false
      break
    end
  end
  if valid then
    local ttl = redis.call('PTTL', KEYS[1])
    if e[2] == known then return {1, ttl, e[3]} end
    local p = redis.call('HMGET', KEYS[1], 'f', 'p')
    return {2, ttl, e[3], e[2], p[1], p[2]}
  end
  previous = true
end
if lease == '' then return {6, birth, previous and 1 or 0} end
local held = redis.call('GET', KEYS[2])
if held then
  local token, text = string.match(held, '^([^|]+)|(.*)$')
  local theirs, apart = parse(text), false
  for i = 3, #KEYS do
    if differ(KEYS[i], theirs, now) then
      apart = true
      break
    end
  end
  if not apart then
    if ARGV[7] == '1' and previous then
      local p = redis.call('HMGET', KEYS[1], 'f', 'p')
      return {7, p[1], p[2]}
    end
    return {4, token, previous and 1 or 0}
  end
  if theirs.xmax >= now.xmax then return {6, birth, 1} end
end
redis.call('SET', KEYS[2], lease .. '|' .. ARGV[3], 'PX', lease_ms)
return {3, birth, previous and 1 or 0}
"""

# KEYS: entry, lease, bell, logs…   ARGV: life, snapshot, token, flag, payload, ttl ms, cost, lease
_STORE = """
local result = 1
if redis.call('GET', KEYS[2]) then
  local token = string.match(redis.call('GET', KEYS[2]), '^([^|]+)|')
  if token == ARGV[8] then redis.call('DEL', KEYS[2]) end
end
local mine = parse(ARGV[2])
for i = 4, #KEYS do
  local member, floor = header(KEYS[i], ARGV[1])
  if not member or not covers(KEYS[i], floor, mine) then result = 0 end
end
if result == 1 then
  local before = redis.call('HGET', KEYS[1], 's')
  if before and parse(before).xmax > mine.xmax then
    result = 2
  else
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 's', ARGV[2], 't', ARGV[3], 'f', ARGV[4], 'p', ARGV[5], 'c', ARGV[7])
    redis.call('PEXPIRE', KEYS[1], ARGV[6])
    for k = 4, #KEYS do redis.call('PEXPIRE', KEYS[k], TTL) end
  end
end
if ARGV[8] ~= '' then
  redis.call('RPUSH', KEYS[3], '1')
  redis.call('PEXPIRE', KEYS[3], 10000)
end
return result
"""

# KEYS: lease, bell   ARGV: lease token
_ABANDON = """
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^([^|]+)|') == ARGV[1] then redis.call('DEL', KEYS[1]) end
redis.call('RPUSH', KEYS[2], '1')
redis.call('PEXPIRE', KEYS[2], 10000)
return 1
"""

# KEYS: leases…   ARGV: ms, tokens…
_RENEW = """
for i, key in ipairs(KEYS) do
  local held = redis.call('GET', key)
  if held and string.match(held, '^([^|]+)|') == ARGV[i + 1] then redis.call('PEXPIRE', key, ARGV[1]) end
end
return 1
"""

# KEYS: logs…   ARGV: life, id, the writer's snapshot, most ids kept
_LOG = """
local life, id, most, sight = ARGV[1], ARGV[2], tonumber(ARGV[4]), nil
for _, key in ipairs(KEYS) do
  local member, floor = header(key, life)
  if member then
    redis.call('ZADD', key, id, id)
    local n = redis.call('ZCARD', key)
    if n > most * 8 or (n > most and floor == UNKNOWN) then
      redis.call('DEL', key)  -- bounded memory; a log that is lost is started anew
    elseif n > most then
      -- Forget what the writer sees; what it does not see stays, or is taken for a writer from now on.
      sight = sight or parse(ARGV[3])
      redis.call('ZREMRANGEBYSCORE', key, 0, '(' .. sight.xmax)
      for _, text in pairs(sight.xip) do redis.call('ZADD', key, text, text) end
      redis.call('ZADD', key, id, id)
      if %(prune_floor)s and sight.xmax > floor then redis.call('ZADD', key, -sight.xmax, member) end
    end
    redis.call('PEXPIRE', key, TTL)
  end
end
return 1
"""

# KEYS: logs…   ARGV: life, floor, ids that may be lost writers, births…
_FLOOR = """
for i, key in ipairs(KEYS) do
  local member, floor = header(key, ARGV[1])
  if member and (not %(birth)s or member == ARGV[i + 3]) and floor == UNKNOWN then
    redis.call('ZADD', key, -tonumber(ARGV[2]), member)
    for id in string.gmatch(ARGV[3], '%%d+') do redis.call('ZADD', key, id, id) end
  end
end
return 1
"""

_NEEDS = {"lookup": _LOOKUP, "store": _STORE, "abandon": _ABANDON, "renew": _RENEW, "log": _LOG, "floor": _FLOOR}

# Answers of the lookup script.
SAME, HIT, COMPUTE, WAIT, BYPASS, PRIVATE, PREVIOUS = range(1, 8)


def scripts(rules=RULES):
    """Return ``{name: Lua source}`` that keeps ``rules``; leaving one out is for the mutation check only."""

    def flag(rule):
        return "true" if rule in rules else "false"

    values = {
        "unknown": UNKNOWN_FLOOR,
        "life": flag("life"),
        "birth": flag("birth"),
        "compare_window": flag("compare-window"),
        "compare_running": flag("compare-running"),
        "prune_floor": flag("prune-floor"),
        "first_floor": "UNKNOWN" if "new-floor" in rules else "0",
    }
    return {name: (_COMMON + body) % values for name, body in _NEEDS.items()}
