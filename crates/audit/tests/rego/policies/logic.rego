# All, some, none, otherwise.
package corpus.logic

default allow := false

allow if {
	every role in input.principal.roles { role in known }
	not barred
}

known := {"agent", "ops", "dev"}

barred if input.resource.tool in {"format_disk", "drop_table"}

level := "root" if "ops" in input.principal.roles

else := "user" if "dev" in input.principal.roles

else := "guest"

is_ops(roles) if "ops" in roles

ops if is_ops(input.principal.roles)

strangers := {role | some role in input.principal.roles; not role in known}

common := known & {role | some role in input.principal.roles}

all := known | {role | some role in input.principal.roles}

others := known - {role | some role in input.principal.roles}

pairs := [[i, role] | some i, role in input.principal.roles]

as_other if allow with input.resource.tool as "read_file"

as_nobody := x if x := level with input as {"principal": {"roles": []}}

first := role if {
	some i
	role := input.principal.roles[i]
	i == 0
}

head := a if [a, _] := [input.resource.tool, 1]

taken := kind if {"type": kind, "name": _} := {"type": input.resource.type, "name": 1}

types := [type_name(x) | some x in [1, "a", true, null, [], {}]]

sliced := array.slice(input.principal.roles, 0, 1)

chained := array.concat(input.principal.roles, ["x"])

text := "read" if input.resource.tool == "read_file"
