-- Applies one change of one scope, or nothing of it. See docs/runtime-contract.md, section 3.
--
-- KEYS   1 meta  2 index  3 active set ('' for the platform)  4 tenants set  5 changes stream
--        6 the platform's index
-- ARGV   a flat list, read by `take` in the order in which `store.py` writes it.
-- Answer 'ok' | 'stale' | 'conflict' | 'unstaged' | 'missing:<field>'
--
-- A script that fails half-way is not rolled back: every check comes before the first write, and
-- meta, by which readers and writers judge, comes after the documents.

local position = 0
local function take()
  position = position + 1
  return ARGV[position]
end
local function take_number()
  return tonumber(take())
end

local expected = { rev = take(), epoch = take(), token = take(), render = take() }
local new = { rev = take(), epoch = take(), token = take(), render = take() }

local held = redis.call('HMGET', KEYS[1], 'rev', 'epoch', 'token', 'render_version')
local rev, epoch, token, render = held[1] or '', held[2] or '', held[3] or '', held[4] or ''
-- A version that isn't whole counts as none, here as in `store.py`: else nobody could replace it.
if token == ''
   or not (rev:match('^%d+$') and epoch:match('^%d+$') and render:match('^%d+$')) then
  rev, epoch, token, render = '', '', '', ''
end
if rev ~= expected.rev or epoch ~= expected.epoch or token ~= expected.token
   or render ~= expected.render then
  if rev ~= '' and epoch == new.epoch and tonumber(rev) >= tonumber(new.rev) then
    return 'stale'
  end
  return 'conflict'
end

local schema, status, digest, written_at = take(), take(), take(), take()
local scope, channel = take(), take()
local grace, staged_prefix, document_prefix = take_number(), take(), take()

for _ = 1, take_number() do
  local field = take()
  if redis.call('HEXISTS', KEYS[6], field) == 0 then
    return 'missing:' .. field
  end
end

-- Bodies come with the call, or wait under the staging prefix.
local puts = {}
for i = 1, take_number() do
  puts[i] = { field = take(), hash = take(), body = take() }
end
if staged_prefix ~= '' then
  for _, put in ipairs(puts) do
    if redis.call('EXISTS', staged_prefix .. put.field) == 0 then
      return 'unstaged'
    end
  end
end

for _, put in ipairs(puts) do
  local key = document_prefix .. put.field
  if staged_prefix ~= '' then
    redis.call('RENAME', staged_prefix .. put.field, key)
    redis.call('PERSIST', key)
  else
    redis.call('SET', key, put.body)
  end
end
for _, put in ipairs(puts) do
  redis.call('HSET', KEYS[2], put.field, new.rev .. ':' .. put.hash)
end
for _ = 1, take_number() do
  redis.call('SADD', KEYS[3], take())
end
for _ = 1, take_number() do
  redis.call('SREM', KEYS[3], take())
end
for _ = 1, take_number() do
  local field = take()
  if KEYS[3] ~= '' then
    redis.call('SREM', KEYS[3], field)
  end
  redis.call('HDEL', KEYS[2], field)
  -- Still readable for somebody who listed it a moment ago.
  redis.call('EXPIRE', document_prefix .. field, grace)
end

local count
if KEYS[3] ~= '' then
  count = redis.call('SCARD', KEYS[3])
  if status == 'deleted' then
    redis.call('SREM', KEYS[4], scope)
  else
    redis.call('SADD', KEYS[4], scope)
  end
else
  count = redis.call('HLEN', KEYS[2])
end
redis.call('HSET', KEYS[1], 'rev', new.rev, 'epoch', new.epoch, 'token', new.token,
  'render_version', new.render, 'schema', schema, 'status', status, 'count', count,
  'digest', digest, 'written_at', written_at)

local ids, maximum = take(), take()
redis.call('XADD', KEYS[5], 'MAXLEN', '~', maximum, '*', 'scope', scope, 'rev', new.rev,
  'prev_rev', rev == '' and '0' or rev, 'epoch', new.epoch, 'ids', ids)
for _ = 1, take_number() do
  redis.call('PUBLISH', channel, take())
end
return 'ok'
