-- Gives what is known of a session, unless the asker knows it, and keeps it for longer.
-- KEYS: its hash. ARGV: the version that the asker knows, milliseconds. Gives the version, 0 for none, and the text, empty if it is known.
local version = redis.call('HGET', KEYS[1], 'version')
if not version then
    return {0, ''}
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if version == ARGV[1] then
    return {tonumber(version), ''}
end
return {tonumber(version), redis.call('HGET', KEYS[1], 'trail')}
