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
	built := map[string]string{}
	for line := range strings.Lines(string(output)) {
		module, is, _ := strings.Cut(strings.TrimSpace(line), " ")
		built[module] = is
	}
	listed := 0
	for line := range strings.Lines(readFile(t, "minimum-versions.txt")) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		listed++
		fields := strings.Fields(line)
		if len(fields) < 4 {
			t.Errorf("want a module, a version and a reason: %s", line)
			continue
		}
		module, least := fields[0], fields[1]
		if tooOld, known := older(built[module], least); !known || tooOld {
			t.Errorf("the provider is built with %s %q, want %s or newer", module, built[module], least)
		}
	}
	if listed == 0 {
		t.Error("the list is empty")
	}
}

// older compares versions of modules such as v1.9.0, which Go's own versions resemble.
func older(v, least string) (older, known bool) {
	v, least = strings.Replace(v, "v", "go", 1), strings.Replace(least, "v", "go", 1)
	return goversion.Compare(v, least) < 0, goversion.IsValid(v) && goversion.IsValid(least)
}

func TestOlder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		version, least string
		older, known   bool
	}{
		{"v1.9.0", "v1.10.0", true, true},
		{"v1.10.0", "v1.10.0", false, true},
		{"v1.10.1", "v1.10.0", false, true},
		{"v2.0.0", "v1.10.0", false, true},
		{"", "v1.10.0", true, false},
	} {
		if older, known := older(test.version, test.least); older != test.older || known != test.known {
			t.Errorf("%q and %q: got %t, %t", test.version, test.least, older, known)
		}
	}
}
