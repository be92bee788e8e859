//go:build unix

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// TestMemory holds what the provider takes for the longest list that it returns unasked,
// which docs/guides/performance.md names. It runs with the engine that the environment
// names, as the tests with package enginetest do.
func TestMemory(t *testing.T) {
	path := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if os.Getenv("TF_ACC") == "" || path == "" {
		t.Skip("runs with an engine: make testacc")
	}
	const (
		activities = 50_000
		most       = 250_000_000
	)
	e, err := newEngine(path, t.TempDir())
	must(t, err)
	must(t, e.build(t.Context(), thisSource, module))
	f, err := newFeed(t.Context(), fakeapi.Options{}, activities, "")
	must(t, err)
	t.Cleanup(f.Close)
	for name, configuration := range map[string]string{
		"in one piece": this.configuration,
		"in parts":     strings.Replace(this.configuration, `"all" {`, `"all" {`+"\n  created_at_gte = \"2026-08-01T00:00:00Z\"\n", 1),
	} {
		w, err := e.workspace(t.Context(), configuration)
		must(t, err)
		u, err := w.plan(t.Context(), f, false)
		must(t, err)
		if u.providerMemory == 0 {
			t.Skip("this system does not tell")
		}
		t.Logf("%s for %s activities %s", megabytes(u.providerMemory), thousands(activities), name)
		if u.providerMemory > most {
			t.Errorf("the provider takes %s for %s activities %s, more than %s", megabytes(u.providerMemory), thousands(activities), name, megabytes(most))
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
