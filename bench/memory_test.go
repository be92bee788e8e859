//go:build unix

package main

import (
	"os"
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
	w, err := e.workspace(t.Context(), this.configuration)
	must(t, err)
	f, err := newFeed(t.Context(), fakeapi.Options{}, activities, "")
	must(t, err)
	t.Cleanup(f.Close)
	u, err := w.plan(t.Context(), f, false)
	must(t, err)
	if u.providerMemory == 0 {
		t.Skip("this system does not tell")
	}
	t.Logf("%s for %s activities", megabytes(u.providerMemory), thousands(activities))
	if u.providerMemory > most {
		t.Errorf("the provider takes %s for %s activities, more than %s", megabytes(u.providerMemory), thousands(activities), megabytes(most))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
