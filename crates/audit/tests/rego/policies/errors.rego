# What goes wrong when it is evaluated.
package corpus.errors

allow := true if input.resource.tool == "conflict"

allow := false if input.action.name == "tools/call"

allow := to_number(input.resource.number) > 1 if input.resource.tool == "number"

quotient := 10 / input.resource.divisor

remainder := 10 % input.resource.divisor

length := count(input.resource.divisor)

mixed := concat(",", input.resource.mixed)

parsed := json.unmarshal(input.resource.text)

text := lower(input.resource.divisor)
