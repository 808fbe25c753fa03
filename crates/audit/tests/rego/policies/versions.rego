# Only servers that are new enough.
package corpus.versions

default allow := false

allow if {
	semver.is_valid(input.resource.version)
	semver.compare(input.resource.version, "1.2.3") >= 0
}

order := semver.compare(input.resource.version, "2.0.0-rc.1")

valid := semver.is_valid(input.resource.version)
