// Package bench measures whole plans with a real engine: what a user waits for, and what the
// machine must have. All read a made-up feed of this process, whose own work is in the wall
// time and in no CPU time. `make bench` prints the tables, in Markdown; peaks of memory need Linux.
package bench

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

var (
	figures = flag.Bool("figures", false, "measure, and print the tables")
	write   = flag.Bool("write", false, "write the tables into the pages, too")
)

// TestMemory holds what the provider takes for the longest list that it returns unasked,
// which README.md names.
func TestMemory(t *testing.T) {
	const (
		activities = 50_000
		most       = 250_000_000
	)
	u := newFeed(t, activities, 0).workspace(t, list(since)).plan(t, "+ activities = 50000\n") // in parts, which takes a little more
	if u.provider == 0 {
		t.Skip("this system does not tell")
	}
	if u.provider > most {
		t.Errorf("the provider takes %s for %s activities, more than %s", megabytes(u.provider), thousands(activities), megabytes(most))
	}
}

// TestFigures measures, and asserts nothing about time.
func TestFigures(t *testing.T) {
	if !*figures {
		t.Skip("measures: make bench")
	}
	line, _, _ := strings.Cut(enginetest.Version(t), "\n")
	where := line + " on " + machine()
	tables := fmt.Sprintf("%s. CPU and wall are the best of %d plans (%d up to 1,000 activities); memory is the highest peak.\n\n%s\n%s\n",
		where, rounds(10_000), rounds(0), plans(t), summaries(t))
	waits := fmt.Sprintf("%s, with an answer after %s.\n\n%s\n", where, answerTime, latencies(t))
	fmt.Printf("\n%s\n%s", tables, waits)
	if *write {
		replaceTables(t, "README.md", tables)
		replaceTables(t, "../templates/guides/performance.md.tmpl", waits)
	}
}

// rounds is how often a plan is measured: short ones vary more and cost less.
func rounds(activities int) int {
	if activities <= 1000 {
		return 10
	}
	return 3
}

// plans measures a list of the whole feed: the first plan, and the next one, for which the
// engine reads the old values from the state, too.
func plans(t *testing.T) *table {
	rows := newTable(2, "activities", "plan", "CPU", "wall", "provider memory", "engine memory", "state")
	for _, size := range []int{0, 1000, 10_000, 50_000} {
		w := newFeed(t, size, 0).workspace(t, list(""))
		first := w.best(t, rounds(size), fmt.Sprintf("+ activities = %d\n", size))
		w.run(t, "apply", "-auto-approve")
		state, err := os.Stat(filepath.Join(w.Dir, "terraform.tfstate"))
		if err != nil {
			t.Fatal(err)
		}
		next := w.best(t, rounds(size), "No changes.")
		rows.row(thousands(size), "first", seconds(first.cpu), seconds(first.wall), megabytes(first.provider), megabytes(first.engine), "")
		rows.row(thousands(size), "next", seconds(next.cpu), seconds(next.wall), megabytes(next.provider), megabytes(next.engine), megabytes(state.Size()))
	}
	return rows
}

// summaries and latencies measure one plan each: the waits in it are the point, and they do not vary.
func summaries(t *testing.T) *table {
	rows := newTable(1, "activities of a summary", "a page takes", "`max_concurrent_requests`", "requests", "CPU", "wall", "provider memory")
	const latency = 200 * time.Millisecond
	const groups, earlier = `, group_by = ["account"], max_groups = 20`, `lookback = "15d", baseline = "16d"` // which begins at since
	for _, s := range []struct {
		activities, atOnce int
		what, arguments    string
	}{
		{100_000, 1, "", since}, {100_000, 8, "", since}, {1_000_000, 8, "", since},
		{100_000, 8, ", groups", since + groups}, {100_000, 8, ", groups `within`", since + groups + `, within = "10m"`},
		{100_000, 8, ", groups `within`, `baseline`", earlier + groups + `, within = "10m"`},
	} {
		f := newFeed(t, s.activities, latency)
		u := f.workspace(t, atOnce(s.atOnce)+whole("compliance_activity_summary", s.arguments)).plan(t, "No changes.")
		rows.row(thousands(s.activities)+s.what, latency.String(), strconv.Itoa(s.atOnce), strconv.Itoa(len(f.Requests())), seconds(u.cpu), seconds(u.wall), megabytes(u.provider))
	}
	return rows
}

// answerTime is how long the server takes for any answer in the table of latencies. The
// real one takes 0.9 to 5 seconds.
const answerTime = 2 * time.Second

func latencies(t *testing.T) *table {
	const activities = 40_000
	rows := newTable(1, "a plan with", "requests", "1 at once", "4 at once", "8 at once")
	for _, plan := range []struct{ name, configuration string }{
		{"one gate", gates(1)},
		{"ten gates", gates(10)},
		{"a list of " + thousands(activities) + " activities", whole("compliance_activities", since)},
		{"the same, oldest first", whole("compliance_activities", since+`, order = "asc"`)},
		{"a summary of " + thousands(activities) + " activities", whole("compliance_activity_summary", since)},
	} {
		var cells []string
		requests := 0 // which differ by a few
		for _, n := range []int{1, 4, 8} {
			f := newFeed(t, activities, answerTime)
			u := f.workspace(t, atOnce(n)+plan.configuration).plan(t, "No changes.")
			cells, requests = append(cells, seconds(u.wall)), max(requests, len(f.Requests()))
		}
		rows.row(append([]string{plan.name, strconv.Itoa(requests)}, cells...)...)
	}
	return rows
}

// since has all that the feed has in a window with a lower bound, which is read in parts.
const since = `lookback = "31d"`

func list(argument string) string {
	return whole("compliance_activities", argument) + "\noutput \"activities\" {\n  value = length(data.compliance_activities.all.activities)\n}\n"
}

func whole(object, arguments string) string {
	return fmt.Sprintf("\ndata %q \"all\" {\n%s\n}\n", object, strings.ReplaceAll(arguments, ", ", "\n"))
}

func atOnce(n int) string {
	return fmt.Sprintf("\nprovider \"compliance\" {\n  max_concurrent_requests = %d\n}\n", n)
}

// gates are policies of which each looks at an hour of its own.
func gates(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `
data "compliance_activity_summary" "gate_%[1]d" {
  created_at_gte = "2026-08-20T%02[1]d:00:00Z"
  created_at_lt  = "2026-08-20T%02[2]d:00:00Z"

  lifecycle {
    postcondition {
      condition     = self.total < 5000
      error_message = "Too much has happened."
    }
  }
}
`, i, i+1)
	}
	return text.String()
}

type feed struct{ *fakeapi.Server }

func newFeed(t *testing.T, activities int, latency time.Duration) feed {
	server := fakeapi.NewServer(fakeapi.Options{
		Feed: fakeapi.Generate(fakeapi.Spec{Activities: activities, Seed: 1, Newest: time.Now()}), SkipReadLog: true, Latency: latency,
	})
	t.Cleanup(server.Close)
	return feed{server}
}

type workspace struct{ *enginetest.Workspace }

func (f feed) workspace(t *testing.T, configuration string) workspace {
	w := workspace{enginetest.New(t, f.URL)}
	w.Write("main.tf", enginetest.Requirement+configuration)
	w.Init()
	return w
}

// usage is what a run has cost.
type usage struct {
	cpu, wall        time.Duration // of the engine and all that it started
	engine, provider int64         // bytes of memory at their peak; 0 where it cannot be known
}

// run fails unless the engine succeeds.
func (w workspace) run(t *testing.T, args ...string) (string, usage) {
	t.Helper()
	command := exec.CommandContext(t.Context(), enginetest.Engine(t), append(args, "-input=false", "-no-color")...)
	command.Dir, command.Env = w.Dir, w.Environ()
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	started := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	peaks := watch(command.Process.Pid)
	err := command.Wait()
	u := usage{wall: time.Since(started)}
	u.engine, u.provider = peaks()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, output.String())
	}
	// The engine waits for its providers, so that their time is in its own.
	u.cpu = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return output.String(), u
}

// plan checks that the plan has seen what it was to see.
func (w workspace) plan(t *testing.T, says string) usage {
	t.Helper()
	output, u := w.run(t, "plan")
	if !strings.Contains(output, says) {
		t.Fatalf("the plan does not say %q:\n%s", says, output)
	}
	return u
}

// best is the least time of several plans, and the most memory.
func (w workspace) best(t *testing.T, plans int, says string) usage {
	t.Helper()
	best := w.plan(t, says)
	for range plans - 1 {
		u := w.plan(t, says)
		best = usage{min(best.cpu, u.cpu), min(best.wall, u.wall), max(best.engine, u.engine), max(best.provider, u.provider)}
	}
	return best
}

// watch follows the peak memory of a process and of the largest of its children, until
// peaks is called. The kernel keeps the peak, so that looking now and then is enough.
func watch(pid int) (peaks func() (own, child int64)) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	var own, child int64
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(25 * time.Millisecond)
		defer ticker.Stop()
		for {
			process := fmt.Sprintf("/proc/%d", pid)
			own = max(own, peakMemory(process))
			lists, _ := filepath.Glob(process + "/task/*/children")
			for _, list := range lists {
				ids, _ := os.ReadFile(list)
				for id := range strings.FieldsSeq(string(ids)) {
					// Until it runs a program of its own, a child is a copy of its parent.
					if program("/proc/"+id) != program(process) {
						child = max(child, peakMemory("/proc/"+id))
					}
				}
			}
			select {
			case <-ticker.C:
			case <-stop:
				return
			}
		}
	}()
	return func() (int64, int64) {
		close(stop)
		<-stopped
		return own, child
	}
}

// program is the file that a process runs, "" for one that has ended.
func program(process string) string {
	file, _ := os.Readlink(process + "/exe")
	return file
}

// peakMemory is 0 for a process that has ended.
func peakMemory(process string) int64 {
	status, _ := os.ReadFile(process + "/status")
	return kilobytes(string(status), "VmHWM:")
}

func kilobytes(text, name string) int64 {
	_, value, _ := strings.Cut(text, name)
	value, _, _ = strings.Cut(value, "kB")
	n, _ := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
	return n << 10
}

// machine is what the figures depend on.
func machine() string {
	information, _ := os.ReadFile("/proc/meminfo")
	return fmt.Sprintf("%s/%s with %d cores and %.0f GB of memory", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), float64(kilobytes(string(information), "MemTotal:"))/1e9)
}

// table is a table in Markdown.
type table struct{ strings.Builder }

// newTable makes one whose columns are numbers, but for as many first ones as are text.
func newTable(texts int, heads ...string) *table {
	t := &table{}
	t.row(heads...)
	t.WriteString("|" + strings.Repeat("---|", texts) + strings.Repeat("---:|", len(heads)-texts) + "\n")
	return t
}

func (t *table) row(cells ...string) { t.WriteString("| " + strings.Join(cells, " | ") + " |\n") }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// megabytes is in powers of ten; 0 is for what was not measured.
func megabytes(size int64) string {
	switch {
	case size == 0:
		return ""
	case size < 100_000:
		return fmt.Sprintf("%.1f kB", float64(size)/1e3)
	case size < 10_000_000:
		return fmt.Sprintf("%.1f MB", float64(size)/1e6)
	}
	return fmt.Sprintf("%.0f MB", float64(size)/1e6)
}

func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// replaceTables replaces what is between the two marks of a page.
func replaceTables(t *testing.T, page, tables string) {
	t.Helper()
	text, err := os.ReadFile(page)
	before, rest, begins := strings.Cut(string(text), "<!-- make bench -->")
	_, after, ends := strings.Cut(rest, "<!-- end -->")
	if err == nil && (!begins || !ends) {
		err = errors.New("the marks of its tables are missing")
	}
	if err == nil {
		err = os.WriteFile(page, []byte(before+"<!-- make bench -->\n\n"+tables+"<!-- end -->"+after), 0o644)
	}
	if err != nil {
		t.Errorf("%s: %v", page, err)
	}
}
