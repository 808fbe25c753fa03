-- Writes what is known of a session, if nobody has written since.
-- KEYS: its hash. ARGV: the version that the writer knows, 0 for none, the text, milliseconds that it is kept.
-- Gives 1 and the new version; or 0, the version and the text of who was faster.
local version = redis.call('HGET', KEYS[1], 'version') or '0'
if version ~= ARGV[1] then
    return {0, tonumber(version), redis.call('HGET', KEYS[1], 'trail') or ''}
end
local new = tonumber(version) + 1
redis.call('HSET', KEYS[1], 'version', new, 'trail', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {1, new, ''}
