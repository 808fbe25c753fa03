# Names by pattern.
package corpus.globs

default allow := false

allow if glob.match("read_*", [], input.resource.tool)

allow if glob.match("*.internal.example", ["."], input.resource.host)

allow if glob.match("db-{read,list}-?", [], input.resource.tool)

deep if glob.match("/srv/**/notes", ["/"], input.resource.path)

shallow if glob.match("/srv/*/notes", ["/"], input.resource.path)

class if glob.match("[a-c]x", [], input.resource.tool)
