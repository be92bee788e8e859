//go:build unix

package main

import (
	"os"
	"slices"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// TestPlans holds the bounds that docs/guides/performance.md names. It runs with the engine that the
// environment names, as the tests with package enginetest do.
func TestPlans(t *testing.T) {
	path := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if os.Getenv("TF_ACC") == "" || path == "" {
		t.Skip("runs with an engine: make testacc")
	}
	e, err := newEngine(path, t.TempDir())
	must(t, err)
	must(t, e.build(t.Context(), thisSource, module))
	must(t, e.build(t.Context(), bareSource, barePackage))
	ours, err := e.workspace(t.Context(), this.configuration)
	must(t, err)
	theirs, err := e.workspace(t.Context(), bare.configuration)
	must(t, err)

	// What the provider adds to the start of three processes and one empty page. Two plans
	// that follow each other find the machine equally busy, so that the median of what
	// one takes over the other varies less than the time of either: from run to run by 0.02
	// on a busy machine, with a true value of about 1.07. More rounds are for that.
	t.Run("start", func(t *testing.T) {
		const (
			most   = 1.1 // times the time of a plan with the bare server
			least  = 20  // rounds
			rounds = 100 // at most; the test ends at the first median within the bound
		)
		f := newTestFeed(t, 0, e.folder)
		var ratios []float64
		for {
			if len(ratios)%5 == 0 {
				must(t, e.renew(thisSource))
				must(t, e.renew(bareSource))
			}
			ratios = append(ratios, mustPlan(t, ours, f).wall.Seconds()/mustPlan(t, theirs, f).wall.Seconds())
			if len(ratios) < least {
				continue
			}
			slices.Sort(ratios)
			median := ratios[len(ratios)/2]
			if median <= most {
				t.Logf("%.3f times the time with the bare server, after %d rounds", median, len(ratios))
				return
			}
			if len(ratios) == rounds {
				t.Fatalf("a plan without activities takes %.3f times the time with the bare server, more than %g", median, most)
			}
		}
	})

	// What a plan costs over the engine's own work. Both sides run in turn and the best of
	// each counts: what else the machine does makes a plan dearer and never cheaper.
	t.Run("cost", func(t *testing.T) {
		const (
			activities = 10_000
			most       = 1.5 // times the CPU of a plan with the bare server
			rounds     = 6   // at most; those that are not needed are not run
		)
		f := newTestFeed(t, activities, e.folder)
		var our, their result
		for range rounds {
			our.add(mustPlan(t, ours, f))
			their.add(mustPlan(t, theirs, f))
			t.Logf("CPU %s, with the bare server %s", seconds(our.cpu), seconds(their.cpu))
			if our.cpu.Seconds() <= most*their.cpu.Seconds() {
				return
			}
		}
		t.Errorf("a plan of %s activities takes %s of CPU, more than %g times the %s with the bare server",
			thousands(activities), seconds(our.cpu), most, seconds(their.cpu))
	})

	// What the provider takes for the longest list that it returns unasked.
	t.Run("memory", func(t *testing.T) {
		const (
			activities = 50_000
			most       = 250_000_000
		)
		got := mustPlan(t, ours, newTestFeed(t, activities, "")).providerMemory
		if got == 0 {
			t.Skip("this system does not tell")
		}
		t.Logf("%s for %s activities", megabytes(got), thousands(activities))
		if got > most {
			t.Errorf("the provider takes %s for %s activities, more than %s", megabytes(got), thousands(activities), megabytes(most))
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newTestFeed(t *testing.T, activities int, folder string) *feed {
	t.Helper()
	f, err := newFeed(t.Context(), fakeapi.Options{}, activities, folder)
	must(t, err)
	t.Cleanup(f.Close)
	return f
}

func mustPlan(t *testing.T, w *workspace, f *feed) *usage {
	t.Helper()
	u, err := w.plan(t.Context(), f, false)
	must(t, err)
	return u
}
