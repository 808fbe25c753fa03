# Nothing is said by default.
package corpus.undefined

allow if input.resource.tool == "read_file"

allow := false if input.resource.tool == "delete_file"

missing if input.no.such.thing == 1

negated if not input.no.such.thing

compared if input.resource.tool > 1

both := [input.resource.tool, input.no.such.thing]

either := [x | some x in [input.resource.tool, input.no.such.thing]]
