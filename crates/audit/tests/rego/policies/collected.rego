# Reasons are gathered, and one is enough.
package corpus.collected

deny contains "no destructive tools" if startswith(input.resource.tool, "delete_")

deny contains msg if {
	some finding in input.context.findings
	finding.severity == "critical"
	msg := sprintf("%s is critical", [finding.rule])
}

deny contains msg if {
	count(input.context.findings) > data.roles.limits.bulk
	msg := "too much was found"
}

allow := {"allow": count(deny) == 0, "reason": concat("; ", sort([msg | some msg in deny]))}

by_rule[rule] := severities if {
	some finding in input.context.findings
	rule := finding.rule
	severities := {other.severity | some other in input.context.findings; other.rule == rule}
}

numbered[i] := finding.rule if some i, finding in input.context.findings

worst := max([rank(finding.severity) | some finding in input.context.findings])

rank(severity) := 3 if severity == "critical"

else := 2 if severity == "high"

else := 1
