# Where a request comes from, and where it goes.
package corpus.network

default allow := false

allow if net.cidr_contains("10.0.0.0/8", input.resource.address)

allow if net.cidr_contains("2001:db8::/32", input.resource.address)

inside if {
	some range in ["192.168.0.0/16", "172.16.0.0/12"]
	net.cidr_contains(range, input.resource.address)
}

subnet if net.cidr_contains("10.0.0.0/8", input.resource.range)

valid if net.cidr_is_valid(input.resource.range)
