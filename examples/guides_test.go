package examples_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	env  []string
}

func newIncremental(t *testing.T, activities ...string) *incremental {
	t.Helper()
	// The generated activities lie before the start.
	feed := newFeed(t, activities...)
	w := workspace(t, feed, "guides/incremental")
	w.Init()
	if _, err := exec.LookPath("jq"); err != nil {
		t.Fatal("the script needs jq: ", err)
	}
	// The script calls terraform, whatever the engine is.
	bin := t.TempDir()
	if err := os.Symlink(os.Getenv("TF_ACC_TERRAFORM_PATH"), filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(w.Dir, "round.sh"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &incremental{t: t, w: w, feed: feed, env: append(w.Environ(),
		"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
		"NO_COLOR=1",
		"TF_VAR_start="+time.Now().Add(-10*24*time.Hour).UTC().Format(time.RFC3339),
	)}
}

// round runs round.sh and returns the IDs that it reports. Without an overlap, it is the
// configuration's own.
func (i *incremental) round(overlap string) []string {
	i.t.Helper()
	var env []string
	if overlap != "" {
		env = []string{"TF_VAR_overlap=" + overlap}
	}
	result := i.script(env, "cat")
	if result.Code != 0 {
		i.t.Fatalf("exit code %d:\n%s", result.Code, result.Output())
	}
	forbid(i.t, result.Output(), append(addresses, fakeapi.Key)...)
	ids := []string{}
	for _, a := range decode[[]struct{ ID string }](i.t, result.Stdout) {
		ids = append(ids, a.ID)
	}
	if _, err := os.Stat(filepath.Join(i.w.Dir, "round.tfplan")); err == nil {
		i.t.Error("the plan file is still there")
	}
	return ids
}

func (i *incremental) script(env []string, command ...string) enginetest.Result {
	return run(i.t, i.w.Dir, append(i.env, env...), "./round.sh", command...)
}

func (i *incremental) lastID() any {
	i.t.Helper()
	return decode[map[string]any](i.t, i.w.Must("output", "-json", "position"))["last_id"]
}

func (i *incremental) want(what string, got []string, ids ...string) {
	i.t.Helper()
	if !slices.Equal(got, ids) {
		i.t.Errorf("%s reports %q, want %q", what, got, ids)
	}
}

// TestIncremental follows a feed over several rounds. That time passes is played by an
// overlap that gets shorter: what was recent is then settled.
func TestIncremental(t *testing.T) {
	t.Parallel()
	const kind = "admin_api_key_created"
	ago := func(id string, age time.Duration) string { return activity(id, kind, robin, age) }

	t.Run("three_rounds", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, ago("a1", 9*24*time.Hour), ago("a2", 2*time.Hour), ago("a3", 20*time.Minute), ago("a4", 10*time.Minute))
		i.want("round 1", i.round("30m"), "a1", "a2", "a3", "a4")
		first := i.lastID()

		// a5 came late: its time is before that of a3, which has been reported. A cursor at
		// the newest activity would never see it.
		i.feed.Add(ago("a5", 25*time.Minute), ago("a6", 5*time.Minute))
		i.want("round 2", i.round("15m"), "a5", "a6")
		if second := i.lastID(); second == first || second == nil {
			t.Errorf("the position is %v, and was %v", second, first)
		}

		i.feed.Add(ago("a7", 3*time.Minute), ago("a8", time.Second), activity("b1", "claude_chat_created", robin, time.Minute))
		i.want("round 3", i.round("4m"), "a7", "a8")
		i.want("round 4", i.round("4m"))
	})

	t.Run("late_activity_is_lost_without_overlap", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, ago("a1", time.Hour), ago("a2", 10*time.Second))
		i.want("round 1", i.round("0s"), "a1", "a2")
		i.feed.Add(ago("a3", 20*time.Second))
		i.want("round 2", i.round("0s"))
	})

	t.Run("days_late", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, activity("a1", "anthropic_access", robin, 8*24*time.Hour), activity("a2", "anthropic_access", robin, time.Hour))
		replace(t, i.w.Dir, "main.tf", `"admin_api_key_created", "mcp_server_created"`, `"anthropic_access"`)
		i.want("round 1", i.round(""), "a1", "a2")
		i.feed.Add(activity("a3", "anthropic_access", robin, 4*24*time.Hour))
		i.want("round 2", i.round(""), "a3")
	})

	t.Run("minutes_late", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, ago("a1", time.Hour), ago("a2", time.Second))
		i.want("round 1", i.round(""), "a1", "a2")
		i.feed.Add(ago("a3", time.Minute))
		i.want("round 2", i.round(""), "a3")
	})

	t.Run("nothing_found", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t)
		i.want("round 1", i.round("5m"))
		if got := i.lastID(); got != nil {
			t.Errorf("the position is %v", got)
		}
		// What would have been missed by a window that begins with round 1.
		i.feed.Add(ago("a1", 3*24*time.Hour))
		i.want("round 2", i.round("5m"), "a1")
		position := i.lastID()
		i.want("round 3", i.round("5m"))
		if got := i.lastID(); position == nil || got != position {
			t.Errorf("the position is %v after a round without activities, want %v", got, position)
		}
		i.feed.Add(ago("a2", time.Hour))
		i.want("round 4", i.round("5m"), "a2")
	})

	t.Run("report_fails", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, ago("a1", time.Hour))
		if result := i.script(nil, "false"); result.Code == 0 {
			t.Errorf("the round succeeds:\n%s", result.Output())
		}
		if result := i.script(nil); result.Code == 0 {
			t.Errorf("the round succeeds without a command:\n%s", result.Output())
		}
		i.want("the next round", i.round("5m"), "a1")
	})

	t.Run("read_fails", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, ago("a1", time.Hour))
		i.want("round 1", i.round("5m"), "a1")
		position := i.lastID()
		i.feed.Add(ago("a2", 30*time.Minute))
		if result := i.script([]string{"ANTHROPIC_COMPLIANCE_API_KEY=wrong"}, "cat"); result.Code == 0 {
			t.Errorf("the round succeeds:\n%s", result.Output())
		}
		if got := i.lastID(); got != position {
			t.Errorf("the position has moved to %v", got)
		}
		i.want("round 2", i.round("5m"), "a2")
	})

	t.Run("state_unreadable", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, ago("a1", time.Hour))
		i.round("5m")
		write(t, filepath.Join(i.w.Dir, "terraform.tfstate"), "{")
		if result := i.script(nil, "cat"); result.Code == 0 {
			t.Errorf("the round succeeds:\n%s", result.Output())
		}
	})

	t.Run("other_types", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, activity("b1", "mcp_server_deleted", robin, 2*time.Hour), ago("a1", time.Hour))
		i.want("round 1", i.round("5m"), "a1")
		replace(t, i.w.Dir, "main.tf", `"mcp_server_created"`, `"mcp_server_created", "mcp_server_deleted"`)
		i.want("round 2", i.round("5m"), "b1", "a1")
	})

	t.Run("refused_cursor", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, ago("a1", 2*time.Hour), ago("a2", time.Second))
		i.want("round 1", i.round("5m"), "a1", "a2")
		i.feed.Add(ago("a3", 2*time.Minute))
		i.feed.Inject(func(c fakeapi.Call) bool { return c.Request.URL.Query().Has("after_id") },
			fakeapi.Status(400, "invalid_request_error", "Invalid activity_id format: 'garbage'"))
		if result := i.script(nil, "cat"); result.Code == 0 {
			t.Errorf("the round succeeds:\n%s", result.Output())
		}
		result := i.script([]string{"BEGIN_ANEW=1"}, "cat")
		if result.Code != 0 || !strings.Contains(result.Stdout, `"a3"`) || strings.Contains(result.Stdout, `"a2"`) || strings.Contains(result.Stdout, `"a1"`) {
			t.Errorf("want a3 alone, which is new:\n%s", result.Output())
		}
	})

	t.Run("field_added", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, ago("a1", time.Hour))
		text := read(t, filepath.Join(i.w.Dir, "main.tf"))
		replace(t, i.w.Dir, "main.tf", "    settled = optional(string)\n", "")
		write(t, filepath.Join(i.w.Dir, "main.tf"), regexp.MustCompile(`(?m)^ +(# Everything before it has been|settled = data\.).*\n`).ReplaceAllString(read(t, filepath.Join(i.w.Dir, "main.tf")), ""))
		i.want("round 1, without the field", i.round("5m"), "a1")
		if output := i.w.Must("output", "-json", "position"); strings.Contains(output, "settled") {
			t.Fatalf("the field is there already: %s", output)
		}
		write(t, filepath.Join(i.w.Dir, "main.tf"), text)
		i.feed.Add(ago("a2", time.Minute))
		i.want("round 2, with it", i.round("5m"), "a2")
	})

	t.Run("more_than_one_read_takes", func(t *testing.T) {
		t.Parallel()
		i := newIncremental(t, ago("a1", 5*time.Hour), ago("a2", 4*time.Hour), ago("a3", 3*time.Hour), ago("a4", time.Minute))
		replace(t, i.w.Dir, "main.tf", "max_results    = 10000", "max_results = 2")
		i.want("round 1", i.round("5m"), "a1", "a2", "a4")
		if more := strings.TrimSpace(i.w.Must("output", "-json", "more")); more != "true" {
			t.Errorf("more is %s", more)
		}
		i.want("round 2", i.round("5m"), "a3")
	})
}

// TestExport exports a day with every kind of activity, and compares each line with what the
// server sent.
func TestExport(t *testing.T) {
	t.Parallel()
	day := time.Now().UTC().AddDate(0, 0, -2).Truncate(24 * time.Hour)
	generated := fakeapi.Generate(fakeapi.Spec{Activities: 300, Newest: day.Add(24*time.Hour - time.Second), Span: 24*time.Hour - time.Second})
	generated.Add(activityAt("activity_01Verbatim", "api_key_created", robin, day.Add(time.Hour), `"number":12345678901234567890`, `"nested":{"b":[1.0],"a":"<&>"}`))
	server := fakeapi.NewServer(fakeapi.Options{Feed: generated, SkipReadLog: true})
	t.Cleanup(server.Close)
	w := workspace(t, server, "guides/export")
	w.Init()
	bin := t.TempDir()
	if err := os.Symlink(os.Getenv("TF_ACC_TERRAFORM_PATH"), filepath.Join(bin, "terraform")); err != nil {
		t.Fatal(err)
	}
	result := run(t, w.Dir, append(w.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH")), "./export.sh", day.Format(time.DateOnly))
	if result.Code != 0 {
		t.Fatalf("exit code %d:\n%s", result.Code, result.Output())
	}
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
	for line := range strings.Lines(result.Stdout) {
		got = append(got, normal(line))
	}
	for text := range generated.All() {
		want = append(want, normal(string(text)))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d records, want %d; the first that differ:", len(got), len(want))
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Fatalf("got  %s\nwant %s", got[i], want[i])
			}
		}
	}
	if _, err := os.Stat(filepath.Join(w.Dir, "terraform.tfstate")); err == nil {
		t.Error("there is a state")
	}
	forbid(t, result.Stderr, addresses...)
}
