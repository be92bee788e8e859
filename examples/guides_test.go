package examples_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// incremental is the example of incremental use, with a feed that grows.
type incremental struct {
	t    *testing.T
	w    *enginetest.Workspace
	feed *fakeapi.Server
}

func newIncremental(t *testing.T, activities ...string) *incremental {
	t.Helper()
	// The generated activities lie before the start.
	feed := newFeed(t, activities...)
	w := workspace(t, feed, "guides/incremental")
	w.Init()
	w.Setenv("ENGINE", enginetest.Engine(t))
	w.Setenv("NO_COLOR", "1")
	w.Setenv("TF_VAR_start", time.Now().Add(-10*24*time.Hour).UTC().Format(time.RFC3339))
	return &incremental{t, w, feed}
}

// round runs round.sh, which has to report these. Without an overlap, it is the configuration's
// own.
func (i *incremental) round(overlap string, want ...string) {
	i.t.Helper()
	var env []string
	if overlap != "" {
		env = []string{"TF_VAR_overlap=" + overlap}
	}
	result := i.script(env, "cat")
	require(i.t, result, 0)
	forbid(i.t, result.Output(), addresses...)
	var got []string
	for _, a := range decode[[]struct{ ID string }](i.t, result.Stdout) {
		got = append(got, a.ID)
	}
	if !slices.Equal(got, want) {
		i.t.Errorf("the round reports %q, want %q", got, want)
	}
}

// more is what the last round says of the next.
func (i *incremental) more() bool {
	i.t.Helper()
	state := decode[struct {
		Outputs struct{ More struct{ Value bool } }
	}](i.t, read(i.t, filepath.Join(i.w.Dir, "terraform.tfstate")))
	return state.Outputs.More.Value
}

// script runs round.sh, which leaves none of its files behind, whatever comes of it.
func (i *incremental) script(env []string, command ...string) enginetest.Result {
	i.t.Helper()
	return leavesNothing(i.t, i.w, env, append([]string{"round.sh"}, command...)...)
}

// leavesNothing runs a script, which has to remove its temporary files.
func leavesNothing(t *testing.T, w *enginetest.Workspace, env []string, script ...string) enginetest.Result {
	t.Helper()
	temp := t.TempDir()
	result := enginetest.Exec(t, w.Dir, append(w.Environ(), append(env, "TMPDIR="+temp)...), "bash", script...)
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%v is still there (%v)", left, err)
	}
	return result
}

// TestIncremental follows a feed over several rounds. That time passes is played by an
// overlap that gets shorter: what was recent is then settled.
func TestIncremental(t *testing.T) {
	t.Parallel()
	const kind = "admin_api_key_created"
	ago := func(id string, age time.Duration) string { return activity(id, kind, robin, age) }

	// Each state that a round can leave behind, and what comes in after it: a2 late, b2 new.
	for name, test := range map[string]struct {
		feed  []string
		most  string
		first []string
		later [][]string
	}{
		"nothing":        {nil, "10000", nil, [][]string{{"a2", "b2"}}},
		"only_settled":   {[]string{ago("a1", 9*24*time.Hour)}, "10000", []string{"a1"}, [][]string{{"a2", "b2"}}},
		"only_recent":    {[]string{ago("b1", 10*time.Minute)}, "10000", []string{"b1"}, [][]string{{"a2", "b2"}}},
		"both":           {[]string{ago("a1", 2*time.Hour), ago("b1", 10*time.Minute)}, "10000", []string{"a1", "b1"}, [][]string{{"a2", "b2"}}},
		"cut_in_settled": {[]string{ago("a1", 2*time.Hour), ago("a1x", 2*time.Hour), ago("b1", 10*time.Minute)}, "1", []string{"a1"}, [][]string{{"a1x"}, {"a2"}, {"b1"}, {"b2"}}},
		"cut_in_recent":  {[]string{ago("a1", 2*time.Hour), ago("b1", 10*time.Minute), ago("b1x", 9*time.Minute)}, "2", []string{"a1", "b1"}, [][]string{{"a2", "b1x"}, {"b2"}}},
	} {
		t.Run("after/"+name, func(t *testing.T) {
			t.Parallel()
			i := newIncremental(t, test.feed...)
			replace(t, i.w.Dir, "main.tf", "10000 +", test.most+" +")
			i.round("30m", test.first...)
			if more := i.more(); more != strings.HasPrefix(name, "cut") {
				t.Errorf("more is %t", more)
			}
			i.feed.Add(ago("a2", 20*time.Minute), ago("b2", 5*time.Minute), activity("c2", "claude_chat_created", robin, time.Minute))
			for n, want := range test.later {
				i.round("15m", want...)
				if more := i.more(); more != (n < len(test.later)-1) {
					t.Errorf("more is %t after %q", more, want)
				}
			}
			i.round("1h") // a longer overlap, for which the position does not move back
			i.round("4m")
		})
	}

	t.Run("late", func(t *testing.T) {
		t.Parallel()
		for kind, test := range map[string]struct{ late, reported time.Duration }{
			"mcp_server_created": {time.Minute, time.Second},
			"anthropic_access":   {4 * 24 * time.Hour, time.Hour},
		} {
			i := newIncremental(t, activity("a1", kind, robin, 8*24*time.Hour), activity("a2", kind, robin, test.reported))
			replace(t, i.w.Dir, "main.tf", `"mcp_server_created"`, `"`+kind+`"`)
			i.round("", "a1", "a2")
			i.feed.Add(activity("a3", kind, robin, test.late))
			i.round("", "a3")
		}
	})

	t.Run("round_fails", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, ago("a1", time.Hour))
		for name, result := range map[string]enginetest.Result{
			"report_fails": i.script(nil, "false"),
			"no_command":   i.script(nil),
			"read_fails":   i.script([]string{"ANTHROPIC_COMPLIANCE_API_KEY=wrong"}, "cat"),
		} {
			if result.Code == 0 {
				t.Errorf("%s: the round succeeds:\n%s", name, result.Output())
			}
		}
		i.round("5m", "a1")
		// Nobody else can read the files of a round.
		require(t, i.script(nil, "bash", "-c", "umask; cat >/dev/null"), 0, "0077")
		i.w.Write("terraform.tfstate", "{")
		if result := i.script(nil, "cat"); result.Code == 0 {
			t.Errorf("the state cannot be read, and the round succeeds:\n%s", result.Output())
		}
	})

	t.Run("other_types", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, activity("b1", "mcp_server_deleted", robin, 2*time.Hour), ago("a1", time.Hour))
		i.round("5m", "a1")
		replace(t, i.w.Dir, "main.tf", `"mcp_server_created"`, `"mcp_server_created", "mcp_server_deleted"`)
		i.round("5m", "b1", "a1")
	})
}

// TestExport exports a day with every kind of activity, and compares each line with what the
// server sent.
func TestExport(t *testing.T) {
	t.Parallel()
	day := time.Now().UTC().AddDate(0, 0, -2).Truncate(24 * time.Hour)
	generated := fakeapi.Generate(fakeapi.Spec{Activities: 300, Newest: day.Add(24*time.Hour - time.Second), Span: 24*time.Hour - time.Second})
	generated.Add(activityAt("activity_01Verbatim", "api_key_created", robin, day.Add(time.Hour), `"number":12345678901234567890`, `"nested":{"b":[1.0],"a":"<&>"}`))
	server := start(t, fakeapi.Options{Feed: generated, SkipReadLog: true})
	w := workspace(t, server, "guides/export", "guides/print.sh")
	result := printOutput(t, w, "records", "-var=day="+day.Format(time.DateOnly))
	// JSON with its numbers as text, and without the nulls of fields that were not sent.
	normal := func(text string) string {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var value map[string]any
		if err := decoder.Decode(&value); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		for _, name := range []string{"organization_id", "organization_uuid"} {
			if value[name] == nil {
				delete(value, name)
			}
		}
		if actor, ok := value["actor"].(map[string]any); ok {
			maps.DeleteFunc(actor, func(_ string, value any) bool { return value == nil })
		}
		return encode(t, value)
	}
	var got, want []string
	for _, line := range decode[[]string](t, result.Stdout) {
		got = append(got, normal(line))
	}
	for _, text := range generated.All() {
		want = append(want, normal(text))
	}
	if len(got) != len(want) {
		t.Fatalf("got %d records, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("got  %s\nwant %s", got[i], want[i])
		}
	}
	forbid(t, result.Stderr, addresses...)
}

// printOutput runs print.sh, which leaves nothing behind.
func printOutput(t *testing.T, w *enginetest.Workspace, args ...string) enginetest.Result {
	t.Helper()
	w.Init()
	w.Setenv("ENGINE", enginetest.Engine(t))
	require(t, leavesNothing(t, w, nil, append([]string{"print.sh", "misspelt"}, args[1:]...)...), 5, "there is no output misspelt")
	result := leavesNothing(t, w, nil, append([]string{"print.sh"}, args...)...)
	require(t, result, 0)
	if _, err := os.Stat(filepath.Join(w.Dir, "terraform.tfstate")); err == nil {
		t.Error("there is a state")
	}
	return result
}

// TestLookup finds what a message names, among what happened in the same second.
func TestLookup(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	when := at.Format("2006-01-02T15:04:05") + ".627420Z"
	exact := strings.Replace(activityAt("activity_01Off", "org_sso_toggled", robin, at, `"enabled":false`), at.Format(time.RFC3339), when, 1)
	feed := newFeed(t, exact, activityAt("activity_01Other", "org_sso_toggled", stranger, at), activityAt("activity_01Later", "org_sso_toggled", stranger, at.Add(time.Second)))
	w := workspace(t, feed, "guides/lookup")
	result := w.Plan("-var=id=activity_01Off", "-var=created_at="+when)
	require(t, result, 0, "robin@example.com", "192.0.2.34", "enabled = false", when)
	forbid(t, result.Output(), "stranger", "service_account_id", "activity_01Other")
	if n := len(feed.Requests()); n != 1 {
		t.Errorf("%d requests, want one", n)
	}
	require(t, w.Plan("-var=id=activity_01Later", "-var=created_at="+when), 1, "activity_01Later is not among the activities of that second.")
}

// TestReport prints the accounts with the most failures, and none of their names.
func TestReport(t *testing.T) {
	t.Parallel()
	var failed []string
	for account := range 12 {
		for n := range account + 1 {
			failed = append(failed, activity(fmt.Sprintf("activity_%02d_%02d", account, n), "sso_login_failed",
				strings.Replace(anonymous, "robin@", fmt.Sprintf("account%d@", account), 1), time.Hour))
		}
	}
	nobody := strings.Replace(anonymous, `"robin@example.com"`, "null", 1)
	for n := range 20 { // the largest group is no account
		failed = append(failed, activity(fmt.Sprintf("activity_none_%02d", n), "sso_login_failed", nobody, time.Hour))
	}
	w := workspace(t, newFeed(t, failed...), "guides/report", "guides/print.sh")
	result := printOutput(t, w, "report")
	report := decode[struct {
		Total    int
		Accounts []struct {
			Failed    int
			NewestID  string `json:"newest_id"`
			Addresses int
		}
	}](t, result.Stdout)
	if report.Total != 98 || len(report.Accounts) != 10 || report.Accounts[0].Failed != 12 || report.Accounts[9].Failed != 3 ||
		report.Accounts[0].Addresses != 1 || report.Accounts[0].NewestID != "activity_11_11" {
		t.Errorf("the report is %s", result.Stdout)
	}
	forbid(t, result.Output(), addresses...)
}

// TestWorkedExample is that of the guide on performance: what it says of the requests is true.
func TestWorkedExample(t *testing.T) {
	t.Parallel()
	page := read(t, "../docs/guides/performance.md")
	feed := fakeapi.Generate(fakeapi.Spec{Activities: 100_000, Newest: time.Now().Add(-time.Minute), Span: 29 * 24 * time.Hour})
	server := start(t, fakeapi.Options{Feed: feed, SkipReadLog: true})
	w := configuration(t, server, "data \"compliance_activity_summary\" \"month\" {\n  lookback = \"30d\"\n}\n")
	require(t, w.Plan(), 0)
	// How many it takes to divide the read depends on which page comes first.
	if n := len(server.Requests()); n < 20 || n > 28 || !strings.Contains(page, "about 24 requests") {
		t.Errorf("%d requests, and the page says about 24", n)
	}
}
