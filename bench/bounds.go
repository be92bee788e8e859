//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// bound is how much more than a plan with the bare server one with this provider may
// take. It is a ratio of times, which a busy machine can spoil: `make bench` prints it,
// and fails because of it with -check alone.
type bound struct {
	name string
	most float64
	// measure returns the ratio; it goes on measuring for a while if that is beyond most.
	measure func(ctx context.Context, e *engine, ours, theirs *workspace, most float64) (float64, error)
}

var bounds = []bound{
	{"wall time of a plan without activities", 1.1, startRatio},
	{"CPU of a plan with 10,000 activities", 1.5, cpuRatio},
}

var errBound = errors.New("a bound is broken")

// checkBounds measures and prints all of them. The error is an [errBound] if one is
// broken.
func checkBounds(ctx context.Context, w io.Writer, e *engine) error {
	ours, err := e.workspace(ctx, this.configuration)
	if err != nil {
		return err
	}
	theirs, err := e.workspace(ctx, bare.configuration)
	if err != nil {
		return err
	}
	var broken error
	for _, b := range bounds {
		ratio, err := b.measure(ctx, e, ours, theirs, b.most)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s: %.3f times that with the bare server; the bound is %g\n", b.name, ratio, b.most)
		if ratio > b.most {
			broken = errors.Join(broken, fmt.Errorf("%w: %s", errBound, b.name))
		}
	}
	return broken
}

// startRatio is about what the provider adds to the start of three processes and one
// empty page. Two plans that follow each other find the machine equally busy, so that the
// median of what one takes over the other varies less than the time of either: from run
// to run by 0.02 on a busy machine, with a true value of about 1.07. More rounds are for
// that.
func startRatio(ctx context.Context, e *engine, ours, theirs *workspace, most float64) (float64, error) {
	const (
		fewest = 20 // rounds
		rounds = 100
	)
	f, err := newFeed(ctx, fakeapi.Options{}, 0, e.folder)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var ratios []float64
	for {
		if len(ratios)%5 == 0 {
			for _, source := range []string{thisSource, bareSource} {
				if err := e.renew(source); err != nil {
					return 0, err
				}
			}
		}
		our, their, err := planBoth(ctx, f, ours, theirs)
		if err != nil {
			return 0, err
		}
		ratios = append(ratios, our.wall.Seconds()/their.wall.Seconds())
		slices.Sort(ratios)
		median := ratios[len(ratios)/2]
		if len(ratios) == rounds || len(ratios) >= fewest && median <= most {
			return median, nil
		}
	}
}

// cpuRatio is about what the provider adds to the engine's own work. The best of each
// side counts: what else the machine does makes a plan dearer and never cheaper.
func cpuRatio(ctx context.Context, e *engine, ours, theirs *workspace, most float64) (float64, error) {
	const (
		activities = 10_000
		rounds     = 6
	)
	f, err := newFeed(ctx, fakeapi.Options{}, activities, e.folder)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var our, their result
	for {
		u, bareUsage, err := planBoth(ctx, f, ours, theirs)
		if err != nil {
			return 0, err
		}
		our.add(u)
		their.add(bareUsage)
		ratio := our.cpu.Seconds() / their.cpu.Seconds()
		if ratio <= most || our.runs == rounds {
			return ratio, nil
		}
	}
}

func planBoth(ctx context.Context, f *feed, ours, theirs *workspace) (our, their *usage, err error) {
	if our, err = ours.plan(ctx, f, false); err != nil {
		return nil, nil, err
	}
	their, err = theirs.plan(ctx, f, false)
	return our, their, err
}
