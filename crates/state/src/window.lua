-- Adds to sliding windows of one subject and gives what each then holds: the same as `window.rs`, to the number.
-- KEYS: a hash for each window. ARGV: for each its milliseconds and what is added; then, for tests, the time.
local now = tonumber(ARGV[#KEYS * 2 + 1])
if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local SLOTS, totals = 8, {}
for n, key in ipairs(KEYS) do
    local window, amount = tonumber(ARGV[n * 2 - 1]), tonumber(ARGV[n * 2])
    local length = math.max(1, math.floor(window / SLOTS))
    local slot, latest = math.floor(now / length), tonumber(redis.call('HGET', key, 'latest') or '0')
    if slot >= latest + SLOTS then
        redis.call('DEL', key)
        latest = slot
    end
    while latest < slot do
        latest = latest + 1
        redis.call('HDEL', key, latest % SLOTS)
    end
    redis.call('HSET', key, 'latest', latest)
    redis.call('HINCRBY', key, latest % SLOTS, amount)
    redis.call('PEXPIRE', key, length * (SLOTS + 1))
    local total = 0
    for at = 0, SLOTS - 1 do
        total = total + tonumber(redis.call('HGET', key, at) or '0')
    end
    totals[n] = total
end
return totals
