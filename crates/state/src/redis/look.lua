-- Adds to windows of a session, gives what is known of it unless the asker knows it, and keeps that for longer.
-- KEYS: its hash, its windows. ARGV: the version that the asker knows, milliseconds; then those of the windows.
-- Gives their totals, the version, 0 for none, and the text, empty if it is known.
local totals = add(2, 3)
local version = redis.call('HGET', KEYS[1], 'version')
if not version then
    return {totals, 0, ''}
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if version == ARGV[1] then
    return {totals, tonumber(version), ''}
end
return {totals, tonumber(version), redis.call('HGET', KEYS[1], 'trail')}
