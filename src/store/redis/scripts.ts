/**
 * What is done on the server, each in one step that nothing else comes between. Times are the server's own:
 * the clocks of the nodes may differ.
 */

/** Milliseconds since 1970 by the server's clock, in `now`. */
const NOW = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * Says since when used signatures are remembered. Keys: the beginning of the memory, the run of the server
 * that it was last seen in. Arguments: this run, whether the memory survives the end of one (1 or 0), whether
 * no signature can have been used before there is a beginning (1 or 0).
 * @returns the beginning, in ms since 1970; 0: nothing can have been used before
 */
export const BEGIN = `${NOW}local began, run = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if not began then
  began = ARGV[3] == '1' and '0' or string.format('%.0f', now)
elseif run ~= ARGV[1] and ARGV[2] ~= '1' then
  began = string.format('%.0f', now)
end
redis.call('SET', KEYS[1], began)
redis.call('SET', KEYS[2], ARGV[1])
return began`;

/**
 * Remembers a used signature. Keys: the signature, the beginning of the memory. Arguments: until when it
 * counts (ms since 1970), how long before that it was issued (ms), how far that may lie ahead of its use
 * (ms), how much longer it is kept (ms).
 * @returns 1 it is new, 0 it was known, -1 it may have been used before the memory began
 */
export const REMEMBER = `${NOW}local untilThen = tonumber(ARGV[1])
local began = redis.call('GET', KEYS[2])
if not began then
  began = string.format('%.0f', now)
  redis.call('SET', KEYS[2], began)
end
if began ~= '0' and untilThen - tonumber(ARGV[2]) < tonumber(began) + tonumber(ARGV[3]) then return -1 end
local kept = math.max(untilThen - now, 0) + tonumber(ARGV[4])
if redis.call('SET', KEYS[1], '1', 'NX', 'PX', string.format('%.0f', kept)) then return 1 end
return 0`;

/** Whether a used signature is remembered. Keys: the signature. @returns 1 where it is, else 0 */
export const IS_USED = `return redis.call('EXISTS', KEYS[1])`;

/**
 * Takes a token. Keys: the bucket. Arguments: tokens a second, capacity.
 * @returns 0 where there was one, else the ms until there is one
 */
export const TAKE_TOKEN = `${NOW}local rate, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(bucket[1]) or capacity
local at = tonumber(bucket[2]) or now
tokens = math.min(capacity, tokens + math.max(0, now - at) * rate / 1000)
if tokens < 1 then return math.max(1, math.ceil((1 - tokens) * 1000 / rate)) end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.9f', tokens - 1), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.min(capacity * 1000 / rate + 1000, 2592000000)))
return 0`;

/**
 * Takes a permit. Keys: the app's permits. Arguments: the most, how long it is held unless renewed (ms), its
 * id.
 * @returns 1 where there was one, else 0
 */
export const TAKE_PERMIT = `${NOW}redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 2)
return 1`;

/**
 * Renews permits, those too that the server lost meanwhile. Keys: the app's permits. Arguments: how long they
 * are held from now on (ms), their ids.
 */
export const RENEW_PERMITS = `${NOW}local held = string.format('%.0f', now + tonumber(ARGV[1]))
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], held, ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1] * 2)
return 1`;

/**
 * Counts requests of the day. Keys: the count. Arguments: the most, how many come.
 * @returns the count with these, -1 where they would be more than the most, -2 where there is no count yet
 */
export const COUNT = `local count = redis.call('GET', KEYS[1])
if not count then return -2 end
if tonumber(count) + tonumber(ARGV[2]) > tonumber(ARGV[1]) then return -1 end
return redis.call('INCRBY', KEYS[1], ARGV[2])`;
