# Office hours.
package corpus.clock

default allow := {"allow": false, "reason": "come on a weekday, between eight and six"}

at := time.parse_rfc3339_ns(input.context.time)

allow if {
	not time.weekday([at, "Europe/Berlin"]) in {"Saturday", "Sunday"}
	[hour, _, _] := time.clock([at, "Europe/Berlin"])
	hour >= 8
	hour < 18
}

day := time.date(at)

hour := time.clock(at)

weekday := time.weekday(at)

tokyo := time.clock([at, "Asia/Tokyo"])

new_york := time.date([at, "America/New_York"])

nowhere := time.clock([at, "Nowhere/City"])

utc := time.clock([at, "UTC"])

empty := time.clock([at, ""])

recent if at > time.parse_rfc3339_ns("2026-11-01T00:00:00+01:00")

one_time if time.now_ns() == time.now_ns()

alive if time.now_ns() > 1700000000000000000
