"""The protocol's atomic steps, as Lua for Redis. ``store_memory`` holds the same steps in Python.

A name space has one hash of *logs*, a field per model: ``<life>:<nonce>|<floor>|<highest id>|,id,id,…,``, the
ids of transactions that wrote to the model. Below the floor the log may have forgotten writers: a snapshot
counts only if it sees every id there that the log does not hold. ``<life>`` names the Redis process and its
replication history, so what an earlier life logged is never trusted. All logs share one key on purpose: one
call reads them, and header and ids can only be lost together.
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
local function open_log(text, life)
  if not text then return nil end
  local birth, floor, highest, ids = string.match(text, '^([^|]+)|(%%d+)|(%%d+)|(.*)$')
  if not birth or (%(life)s and string.sub(birth, 1, #life) ~= life) then return nil end
  return {birth = birth, floor = tonumber(floor), highest = tonumber(highest), ids = ids}
end
local function close_log(log)
  return log.birth .. string.format('|%%.0f|%%.0f|', log.floor, log.highest) .. log.ids
end
local function has(log, id) return string.find(log.ids, ',' .. id .. ',', 1, true) end
local function add(log, id)
  if has(log, id) then return end
  log.ids = log.ids .. id .. ','
  if tonumber(id) > log.highest then log.highest = tonumber(id) end
end
local function read_logs(key, first, last, life)
  local found = redis.call('HMGET', key, unpack(ARGV, first, last))
  local logs = {}
  for i = 1, last - first + 1 do logs[i] = open_log(found[i], life) or false end
  return logs
end
local function parse(text)
  local a, b, xip, standby = string.match(text, '^(%%d+):(%%d+):([%%d,]*):([01])$')
  local s = {text = text, xmin = tonumber(a), xmax = tonumber(b), xip = {}, standby = standby == '1'}
  for x in string.gmatch(xip, '%%d+') do s.xip[tonumber(x)] = x end
  return s
end
local function covers(log, s)
  if s.xmin >= log.floor then return true end
  if s.standby or s.xmax < log.floor then return false end
  for id, text in pairs(s.xip) do
    if id < log.floor and not has(log, text) then return false end
  end
  return true
end
-- What a log is asked about two snapshots: ids that had ended in one and not in the other.
local function gap(one, other)
  if one.text == other.text and (not one.standby or one.xmin == one.xmax) then return nil end
  local old, new = one, other
  if old.xmax > new.xmax then old, new = new, old end
  local g = {from = old.xmax, to = new.xmax, new = new, ended = {}, lowest = old.xmax, vague = {}}
  for _, s in ipairs({one, other}) do
    if s.standby and s.xmin < s.xmax then
      g.vague[#g.vague + 1] = s
      if s.xmin < g.lowest then g.lowest = s.xmin end
    end
  end
  for id, text in pairs(old.xip) do
    if id < new.xmax and not new.xip[id] then g.ended[#g.ended + 1] = text end
  end
  for id, text in pairs(new.xip) do
    if id < old.xmax and not old.xip[id] then g.ended[#g.ended + 1] = text end
  end
  return g
end
local function differ(log, g)
  if not g then return false end
  if log.highest >= g.lowest then
    for text in string.gmatch(log.ids, '%%d+') do
      local id = tonumber(text)
      if %(compare_window)s and id >= g.from and id < g.to and not g.new.xip[id] then return true end
      for _, s in ipairs(g.vague) do
        if id >= s.xmin and id < s.xmax then return true end
      end
    end
  end
  if %(compare_running)s then
    for _, text in ipairs(g.ended) do
      if has(log, text) then return true end
    end
  end
  return false
end
local function apart(logs, one, other)
  local g = gap(one, other)
  if g then
    for _, log in ipairs(logs) do
      if differ(log, g) then return true end
    end
  end
  return false
end
"""

# KEYS: entry, lease, logs   ARGV: life, nonce, snapshot, known token, lease token, lease ms, previous?,
# number of models, models…, then pairs (index of a model, id) of writers that the reader saw in the
# database's own ledger. A caller without any copy (known token '') fetches the payload itself, along with
# this call: through Lua it would be copied twice.
_LOOKUP = """
local life, nonce, known, lease, lease_ms = ARGV[1], ARGV[2], ARGV[4], ARGV[5], ARGV[6]
local now, n = parse(ARGV[3]), tonumber(ARGV[8])
local logs, usable = read_logs(KEYS[3], 9, 8 + n, life), true
for i = 9 + n, #ARGV, 2 do
  local at = tonumber(ARGV[i])
  local log = logs[at]
  if log then
    add(log, ARGV[i + 1])
    redis.call('HSET', KEYS[3], ARGV[8 + at], close_log(log))
  end
end
for i = 1, n do
  local log = logs[i]
  if not log then
    log = {birth = life .. ':' .. nonce, floor = %(first_floor)s, highest = 0, ids = ','}
    logs[i] = log
    redis.call('HSET', KEYS[3], ARGV[8 + i], close_log(log))
    redis.call('PEXPIRE', KEYS[3], TTL)
  end
  if usable and not covers(log, now) then usable = false end
end
if not usable then
  local births, fresh = {}, {}
  for i = 1, n do
    births[i] = logs[i].birth
    if logs[i].floor == UNKNOWN then fresh[#fresh + 1] = i end
  end
  return {5, table.concat(births, ','), table.concat(fresh, ',')}
end
local e = redis.call('HMGET', KEYS[1], 's', 't', 'c')
local previous = false
if e[1] then
  local valid = e[1] == now.text and not now.standby  -- exactly the same are visible
  if not valid then
    local stored = parse(e[1])
    valid = not apart(logs, stored, now)
    for i = 1, n do
      if not covers(logs[i], stored) then valid = false end
    end
  end
  if valid then
    local ttl = redis.call('PTTL', KEYS[1])
    if e[2] == known then return {1, ttl, e[3]} end
    local p = redis.call('HMGET', KEYS[1], 'f', known ~= '' and 'p' or 't')
    return {2, ttl .. '|' .. e[3] .. '|' .. e[2] .. '|' .. p[1], p[2]}
  end
  previous = true
end
if lease == '' then return {6, '', previous and 1 or 0} end
local held = redis.call('GET', KEYS[2])
if held then
  local token, text = string.match(held, '^([^|]+)|(.*)$')
  local theirs = parse(text)
  if not apart(logs, theirs, now) then
    if ARGV[7] == '1' and previous then
      local p = redis.call('HMGET', KEYS[1], 'f', 'p')
      return {7, p[1], p[2]}
    end
    return {4, token, previous and 1 or 0}
  end
  if theirs.xmax >= now.xmax then return {6, '', 1} end
end
redis.call('SET', KEYS[2], lease .. '|' .. ARGV[3], 'PX', lease_ms)
return {3, '', previous and 1 or 0}
"""

# KEYS: entry, lease, bell, logs   ARGV: life, snapshot, token, flag, payload, ttl ms, cost, lease, models…
_STORE = """
local result, mine = 1, parse(ARGV[2])
local held = redis.call('GET', KEYS[2])
if held and string.match(held, '^([^|]+)|') == ARGV[8] then redis.call('DEL', KEYS[2]) end
for i, log in ipairs(read_logs(KEYS[4], 9, #ARGV, ARGV[1])) do
  if not log or not covers(log, mine) then result = 0 end
end
if result == 1 then
  local before = redis.call('HGET', KEYS[1], 's')
  if before and parse(before).xmax > mine.xmax then
    result = 2
  else
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 's', ARGV[2], 't', ARGV[3], 'f', ARGV[4], 'p', ARGV[5], 'c', ARGV[7])
    redis.call('PEXPIRE', KEYS[1], ARGV[6])
    redis.call('PEXPIRE', KEYS[4], TTL)
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

# KEYS: logs   ARGV: life, id, the writer's snapshot, most ids kept, models…
_LOG = """
local life, id, most, sight = ARGV[1], ARGV[2], tonumber(ARGV[4]), nil
local changed, lost = {}, {}
for i, log in ipairs(read_logs(KEYS[1], 5, #ARGV, life)) do
  if log then
    add(log, id)
    local keep, n = true, 0
    if #log.ids > most * 2 then
      for _ in string.gmatch(log.ids, '%%d+') do n = n + 1 end
    end
    if n > most * 8 or (n > most and log.floor == UNKNOWN) then
      keep = false  -- bounded memory; a log that is lost is started anew
    elseif n > most then
      -- Forget what the writer sees; what it does not see stays, or is taken for a writer from now on.
      sight = sight or parse(ARGV[3])
      local before = log.ids
      log.ids, log.highest = ',', 0
      for text in string.gmatch(before, '%%d+') do
        if tonumber(text) >= sight.xmax then add(log, text) end
      end
      for _, text in pairs(sight.xip) do add(log, text) end
      add(log, id)
      if %(prune_floor)s and sight.xmax > log.floor then log.floor = sight.xmax end
    end
    if keep then
      changed[#changed + 1] = ARGV[4 + i]
      changed[#changed + 1] = close_log(log)
    else
      lost[#lost + 1] = ARGV[4 + i]
    end
  end
end
if #changed > 0 then
  redis.call('HSET', KEYS[1], unpack(changed))
  redis.call('PEXPIRE', KEYS[1], TTL)
end
if #lost > 0 then redis.call('HDEL', KEYS[1], unpack(lost)) end
return 1
"""

# KEYS: logs   ARGV: life, floor, ids that may be lost writers, number of models, models…, births…
_FLOOR = """
local n = tonumber(ARGV[4])
for i, log in ipairs(read_logs(KEYS[1], 5, 4 + n, ARGV[1])) do
  if log and (not %(birth)s or log.birth == ARGV[4 + n + i]) and log.floor == UNKNOWN then
    log.floor = tonumber(ARGV[2])
    for id in string.gmatch(ARGV[3], '%%d+') do add(log, id) end
    redis.call('HSET', KEYS[1], ARGV[4 + i], close_log(log))
  end
end
return 1
"""

_NEEDS = {
    "lookup": _LOOKUP,
    "store": _STORE,
    "abandon": _ABANDON,
    "renew": _RENEW,
    "log": _LOG,
    "floor": _FLOOR,
}

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
