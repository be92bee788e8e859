//go:build unix

// Command bench measures whole plans: what a user waits for, and what the machine must
// have. It prints a table, in Markdown, of this provider beside
//
//   - a bare protocol server, which hands over the same bytes ready-made: the engine's
//     own part (./bare);
//   - a provider that is written in the usual way, with structs and State.Set
//     (./framework);
//   - data "http" with jsondecode, which can only read one page;
//
// and one of summaries of long feeds; and a third for users, of what they wait for where
// answers take their time. Then it compares with the bounds of [bounds]; with
// -check, a broken one is an error. All read a fake feed of this process, whose own
// work is in the wall time and in no CPU time. `make bench` builds what it needs. It
// works in a temporary folder and applies only there; peaks of memory need Linux.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// config is the command line.
type config struct {
	engine, http            string
	sizes                   []int
	rounds                  int
	summaries, check, write bool
}

// roundsOf is how many rounds a size gets: short plans vary more and cost less.
func (c config) roundsOf(size int) int {
	switch {
	case size <= 100:
		return 10 * c.rounds
	case size <= 1000:
		return 3 * c.rounds
	}
	return c.rounds
}

func parse(args []string) (config, error) {
	c := config{sizes: []int{0, 100, 1000, 5000, 10_000, 50_000}}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&c.engine, "engine", "terraform", "`path` of Terraform or OpenTofu")
	flags.StringVar(&c.http, "http", "", "`path` of the http provider; without it, that is left out")
	flags.BoolVar(&c.write, "write", false, "write the tables into "+contributorsPage+", and what users wait for into "+usersPage)
	flags.IntVar(&c.rounds, "rounds", 3, "`number` of rounds, of which the best counts; up to 1,000 activities it is three times that, up to 100 ten times")
	flags.BoolVar(&c.summaries, "summaries", true, "measure summaries, too")
	flags.BoolVar(&c.check, "check", false, "end with exit code 1 if a bound is broken")
	flags.Func("sizes", "numbers of activities, separated by commas (default 0,100,1000,5000,10000,50000)", func(text string) error {
		c.sizes = nil
		for number := range strings.SplitSeq(text, ",") {
			size, err := strconv.Atoi(number)
			if err != nil || size < 0 || size > 50_000 {
				return fmt.Errorf("%q is not a number from 0 to 50000", number)
			}
			c.sizes = append(c.sizes, size)
		}
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 || c.rounds < 1 {
		return c, errors.New("unexpected arguments; see -help")
	}
	return c, nil
}

func run(ctx context.Context, args []string) (err error) {
	c, err := parse(args)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	e, variants, err := prepare(ctx, c, folder)
	if err != nil {
		return err
	}
	version, err := e.version(ctx)
	if err != nil {
		return err
	}
	var tables, waits bytes.Buffer
	fmt.Fprintf(&tables, "%s on %s. CPU and wall are the best of %d rounds (%d up to 100 activities, %d up to 1,000, fewer where a plan takes long); memory is the highest peak.\n\n",
		version, machine(), c.rounds, c.roundsOf(100), c.roundsOf(1000))
	if err := plans(ctx, &tables, e, variants, c); err != nil {
		return err
	}
	if c.summaries {
		if err := summaries(ctx, &tables, e); err != nil {
			return err
		}
		fmt.Fprintf(&waits, "%s on %s, with an answer after %s.\n\n", version, machine(), answerTime)
		if err := latencies(ctx, &waits, e); err != nil {
			return err
		}
	}
	fmt.Printf("\n%s\n%s\n", tables.Bytes(), waits.Bytes())
	if c.write {
		err := writeTables(contributorsPage, tables.String())
		if c.summaries {
			err = errors.Join(err, writeTables(usersPage, waits.String()))
		}
		if err != nil {
			return err
		}
	}
	err = checkBounds(ctx, os.Stdout, e)
	if errors.Is(err, errBound) && !c.check {
		return nil
	}
	return err
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// prepare builds the providers.
func prepare(ctx context.Context, c config, folder string) (*engine, []variant, error) {
	progress("Building the providers ...")
	e, err := newEngine(c.engine, folder)
	if err != nil {
		return nil, nil, err
	}
	variants := []variant{this, thisAgain, bare, framework}
	err = errors.Join(
		e.build(ctx, thisSource, module),
		e.build(ctx, bareSource, barePackage),
		e.build(ctx, frameworkSource, frameworkPackage),
	)
	if err == nil && c.http != "" {
		variants = append(variants, httpPage)
		err = e.install(httpSource, c.http)
	}
	return e, variants, err
}

// result sums up the rounds of one variant.
type result struct {
	usage // the least CPU and wall, and the most memory
	runs  int
	total time.Duration
	state int64 // 0 where it was not asked for
}

func (r *result) add(u *usage) {
	if r.runs == 0 {
		r.usage = *u
	}
	r.cpu = min(r.cpu, u.cpu)
	r.wall = min(r.wall, u.wall)
	r.engineMemory = max(r.engineMemory, u.engineMemory)
	r.providerMemory = max(r.providerMemory, u.providerMemory)
	r.total += u.wall
	r.runs++
}

// enough is how long all rounds of one variant may take; the one that goes beyond it is
// the last.
const enough = 30 * time.Second

// plans measures plans, all variants in turn, so that what else the machine does meets
// all of them alike.
func plans(ctx context.Context, w io.Writer, e *engine, variants []variant, c config) error {
	workspaces := map[string]*workspace{} // by configuration
	for _, v := range variants {
		if workspaces[v.configuration] != nil {
			continue
		}
		made, err := e.workspace(ctx, v.configuration)
		if err != nil {
			return err
		}
		workspaces[v.configuration] = made
	}
	t := newTable("activities", ":variant", "CPU", "wall", "provider memory", "engine memory", "state")
	for _, size := range c.sizes {
		able := slices.DeleteFunc(slices.Clone(variants), func(v variant) bool { return v.only > 0 && v.only != size })
		results, err := compare(ctx, e, workspaces, able, size, c.roundsOf(size))
		if err != nil {
			return err
		}
		for i, v := range able {
			r := results[i]
			t.row(thousands(size), v.name, seconds(r.cpu), seconds(r.wall), megabytes(r.providerMemory), megabytes(r.engineMemory), megabytes(r.state))
		}
	}
	return t.write(w)
}

func compare(ctx context.Context, e *engine, workspaces map[string]*workspace, variants []variant, size, rounds int) ([]result, error) {
	f, err := newFeed(ctx, fakeapi.Options{}, size, e.folder)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	results := make([]result, len(variants))
	for i, v := range variants {
		if !v.apply {
			continue
		}
		progress("%s activities, %s: apply", thousands(size), v.name)
		if results[i].state, err = workspaces[v.configuration].apply(ctx, f); err != nil {
			return nil, err
		}
	}
	for round := range rounds {
		for i, v := range variants {
			if results[i].total > enough {
				continue
			}
			u, err := workspaces[v.configuration].plan(ctx, f, v.again)
			if err != nil {
				return nil, err
			}
			progress("%s activities, %s, round %d: CPU %s, wall %s", thousands(size), v.name, round+1, seconds(u.cpu), seconds(u.wall))
			results[i].add(u)
		}
	}
	return results, nil
}

// summaries measures one plan each: that waits for pages are in the wall time is the
// point, and they do not vary.
func summaries(ctx context.Context, w io.Writer, e *engine) error {
	t := newTable("activities of a summary", "a page takes", "`max_concurrent_requests`", "requests", "CPU", "wall", "provider memory")
	for _, s := range []struct {
		activities int
		latency    time.Duration
		atOnce     int
	}{
		{100_000, 200 * time.Millisecond, 1},
		{100_000, 200 * time.Millisecond, 4},
		{100_000, 200 * time.Millisecond, 8},
		{1_000_000, 200 * time.Millisecond, 4},
	} {
		made, err := e.workspace(ctx, summary(s.atOnce))
		if err != nil {
			return err
		}
		f, err := newFeed(ctx, fakeapi.Options{Latency: s.latency}, s.activities, "")
		if err != nil {
			return err
		}
		u, err := made.plan(ctx, f, false)
		requests := len(f.Requests())
		f.Close()
		if err != nil {
			return err
		}
		progress("summary of %s activities, %d requests at once: wall %s", thousands(s.activities), s.atOnce, seconds(u.wall))
		t.row(thousands(s.activities), s.latency.String(), strconv.Itoa(s.atOnce), strconv.Itoa(requests), seconds(u.cpu), seconds(u.wall), megabytes(u.providerMemory))
	}
	return t.write(w)
}
