// Package engines is the one place for the versions of Terraform and OpenTofu that the
// provider supports. README, docs and the workflows name them too; the test compares.
// Nothing that ships imports it: an engine that is too old refuses by itself whatever it
// does not know.
package engines

import (
	"regexp"
	"strconv"
	"strings"
)

// Versions is a minor release of each engine, such as 1.5.
type Versions struct{ Terraform, OpenTofu string }

// The first versions that know what the provider offers. Both had data sources long
// before DataSources, but nothing older is tested.
var (
	DataSources        = Versions{Terraform: "1.5", OpenTofu: "1.6"}
	Functions          = Versions{Terraform: "1.8", OpenTofu: "1.7"}
	EphemeralResources = Versions{Terraform: "1.10", OpenTofu: "1.11"}

	MockProviders = Versions{Terraform: "1.7", OpenTofu: "1.8"}   // in tests of a configuration
	Newest        = Versions{Terraform: "1.17", OpenTofu: "1.12"} // that the tests have been extended to
)

var announced = regexp.MustCompile(`^(Terraform|OpenTofu) v1\.(\d+)\.`)

// KnownTo says whether an engine knows what came with v. The engine is what its version
// command prints: "Terraform v1.5.7". Both engines are at their first major version.
func (v Versions) KnownTo(engine string) bool {
	match := announced.FindStringSubmatch(engine)
	if match == nil {
		return false
	}
	first := v.Terraform
	if match[1] == "OpenTofu" {
		first = v.OpenTofu
	}
	is, _ := strconv.Atoi(match[2])
	since, _ := strconv.Atoi(strings.TrimPrefix(first, "1."))
	return is >= since
}
