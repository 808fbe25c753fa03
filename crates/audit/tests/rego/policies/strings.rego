# What policies do with names and paths.
package corpus.strings

default allow := {"allow": false, "reason": "not below /srv"}

allow := {"allow": true} if {
	startswith(path, "/srv/")
	not contains(path, "..")
	not endswith(path, ".key")
}

path := lower(trim_space(input.resource.path))

allow := {"allow": false, "reason": reason} if {
	endswith(path, ".key")
	reason := sprintf("%s may not have %q (%d of %v)", [input.principal.id, path, count(path), ["a", 1, true, null]])
}

pieces := split(path, "/")

name := pieces[count(pieces) - 1]

joined := concat("|", pieces)

where := indexof(path, "s")

short := substring(path, 1, 3)

tail := substring(path, 4, -1)

shouted := upper(name)

bare := trim_suffix(trim_prefix(path, "/"), ".md")

sides := trim(path, "/m")

changed := replace(path, "srv", "mnt")

several := strings.replace_n({"a": "1", "s": "2"}, path)

any_of if strings.any_prefix_match(path, ["/etc", "/srv"])

turned := strings.reverse(name)

padded := sprintf("%05d %x %.2f %5s|%-5s|%% %q %v %v %v %s", [-7, 255, 2.5, "ab", "cd", "a\"b\\c\n", 3, 2.5, {"a": [1, null], "b": {"x", "y"}}, [name]])
