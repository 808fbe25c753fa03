-- Adds to sliding windows of one subject and gives what each then holds: the same as `window.rs`, to the number.
-- From this key on: a hash for each window. From this argument on: for each its milliseconds and what is added. Without `now` by the server's clock.
local function add(key_1, argument_1, now)
    if not now then
        local time = redis.call('TIME')
        now = time[1] * 1000 + math.floor(time[2] / 1000)
    end
    local SLOTS, totals = 8, {}
    for n = 0, #KEYS - key_1 do
        local key, at = KEYS[key_1 + n], argument_1 + n * 2
        local window, amount = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
        local length = math.max(1, math.floor(window / SLOTS))
        local held, slots, total = redis.call('HMGET', key, 'latest', 0, 1, 2, 3, 4, 5, 6, 7), {}, 0
        for slot = 0, SLOTS - 1 do
            slots[slot] = tonumber(held[slot + 2] or '0')
        end
        local slot, latest = math.floor(now / length), tonumber(held[1] or '0')
        if slot > latest then
            for over = latest + 1, math.min(slot, latest + SLOTS) do
                slots[over % SLOTS] = 0
            end
            if amount > 0 then
                redis.call('HSET', key, 'latest', slot, 0, slots[0], 1, slots[1], 2, slots[2], 3, slots[3],
                    4, slots[4], 5, slots[5], 6, slots[6], 7, slots[7])
                redis.call('PEXPIRE', key, length * (SLOTS + 1))
                latest = slot
            end
        end
        if amount > 0 then
            slots[latest % SLOTS] = redis.call('HINCRBY', key, latest % SLOTS, amount)
        end
        for slot = 0, SLOTS - 1 do
            total = total + slots[slot]
        end
        totals[n + 1] = total
    end
    return totals
end
