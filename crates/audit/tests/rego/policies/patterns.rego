# Names by regular expression.
package corpus.patterns

import rego.v1

default allow := false

allow if regex.match(`^(get|list)_[a-z]+$`, input.resource.tool)

parts := regex.split(`[_-]+`, input.resource.tool)

digits := regex.find_n(`[0-9]+`, input.resource.tool, -1)

first := regex.find_n(`[a-z]+`, input.resource.tool, 1)

masked := regex.replace(input.resource.tool, `[0-9]`, "#")

valid if regex.is_valid(input.resource.pattern)

own if regex.match(input.resource.pattern, input.resource.tool)
