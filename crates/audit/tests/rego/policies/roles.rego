# Who may call which tool stands in data.
package corpus.roles

default allow := {"allow": false, "reason": "this tool is on no list"}

allow if {
	some role in input.principal.roles
	input.resource.tool in data.roles[role]
}

tools contains tool if {
	some role in input.principal.roles
	some tool in data.roles[role]
}

everybody := {role | some role, names in data.roles; "read_file" in names}
