// Package engines is the one place for the versions of Terraform and OpenTofu that the
// provider supports. README, docs and the workflows name them too; the test compares.
// Nothing that ships imports it: an engine that is too old refuses by itself whatever it
// does not know.
package engines

import (
	"regexp"
	"slices"
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
)

// MockProviders is when tests of a configuration could replace a provider.
var MockProviders = Versions{Terraform: "1.7", OpenTofu: "1.8"}

// Newest is what the tests have last been extended to.
var Newest = Versions{Terraform: "1.17", OpenTofu: "1.12"}

// Tested returns the versions of each engine that the workflow runs the tests with,
// oldest first: each one at which something is added, and the newest.
func Tested() (terraform, openTofu []string) {
	for _, v := range []Versions{DataSources, Functions, EphemeralResources, Newest} {
		terraform, openTofu = append(terraform, v.Terraform), append(openTofu, v.OpenTofu)
	}
	return sorted(terraform), sorted(openTofu)
}

var announced = regexp.MustCompile(`^(Terraform|OpenTofu) v(1\.\d+)\.`)

// KnownTo says whether an engine knows what came with v. The engine is what its version
// command prints: "Terraform v1.5.7".
func (v Versions) KnownTo(engine string) bool {
	match := announced.FindStringSubmatch(engine)
	if match == nil {
		return false
	}
	first := v.Terraform
	if match[1] == "OpenTofu" {
		first = v.OpenTofu
	}
	return number(match[2]) >= number(first)
}

func sorted(minors []string) []string {
	slices.SortFunc(minors, func(a, b string) int { return number(a) - number(b) })
	return slices.Compact(minors)
}

// number returns 10 for 1.10; both engines are at their first major version.
func number(minor string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(minor, "1."))
	if err != nil {
		panic(err)
	}
	return n
}
