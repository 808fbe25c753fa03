-- KEYS: windows. ARGV: theirs; then, for tests, the time.
return add(1, 1, tonumber(ARGV[#KEYS * 2 + 1]))
