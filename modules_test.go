package main

import (
	goversion "go/version"
	"os/exec"
	"strings"
	"testing"
)

// The database of vulnerabilities is online, and this list is here: no merge brings back an
// old version that was found to be vulnerable.
func TestModulesAreNewEnough(t *testing.T) {
	t.Parallel()
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	// Versions of modules such as v1.9.0 are compared as Go's own, which resemble them.
	asGo := func(version string) string { return strings.Replace(version, "v", "go", 1) }
	built := map[string]string{}
	for line := range strings.Lines(string(output)) {
		module, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		built[module] = version
	}
	for line := range strings.Lines(readFile(t, "minimum-versions.txt")) {
		fields := strings.Fields(line)
		if fields[0] == "#" {
			continue
		}
		is, least := asGo(built[fields[0]]), asGo(fields[1])
		if !goversion.IsValid(is) || !goversion.IsValid(least) || goversion.Compare(is, least) < 0 {
			t.Errorf("the provider is built with %s %q, want %s or newer", fields[0], built[fields[0]], fields[1])
		}
	}
}
