package examples_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/engines"
	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// TestCatalogue plans each gate of the guide on policies in states in which it opens and in
// states in which it closes.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	const day, hour = 24 * time.Hour, time.Hour
	// quiet has what a gate must not take for its own: what happened before its window, and
	// other types.
	quiet := func(kind string, window time.Duration) []string {
		return []string{
			activity("activity_01Old", kind, stranger, window+hour),
			activity("activity_02Chat", "claude_chat_created", stranger, hour),
			activity("activity_03SignIn", "sso_login_succeeded", stranger, hour),
		}
	}
	one := func(kind, actor string, fields ...string) []string {
		return []string{activity("activity_01New", kind, actor, hour, fields...)}
	}
	workday := func(hour int) time.Time {
		return last(hour, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday)
	}
	key := func(actor string, at time.Time) []string {
		return []string{activityAt("activity_01Key", "admin_api_key_created", actor, at)}
	}
	audience := func(types ...string) string {
		for i := range types {
			types[i] = fmt.Sprintf(`{"type":%q}`, types[i])
		}
		return `"audience":[` + strings.Join(types, ",") + "]"
	}
	const (
		badKey   = "In the last 7 days an API key was made outside the change window, or by somebody unknown. Look for *_key_created in the Activity Feed."
		badShare = "In the last 24 hours something was published, or shared with more than users and groups."
	)

	gates := map[string][]state{
		"sso_off": {
			{"quiet", append(quiet("org_sso_toggled", day), activity("activity_04On", "org_sso_connection_activated", robin, hour)), nil, 0, nil},
			{"sso", one("org_sso_connection_deactivated", robin), nil, 1, []string{"Single sign-on or directory sync was switched in the last 24 hours, by user_01Robin."}},
			{"directory", one("org_directory_sync_deleted", "null"), nil, 1, []string{"by none."}},
		},
		"ip_restriction": {
			{"quiet", quiet("org_ip_restriction_deleted", day), nil, 0, nil},
			{"removed", one("org_ip_restriction_deleted", robin), nil, 1, []string{"The IP restriction was removed or changed in the last 24 hours, by user_01Robin."}},
		},
		"new_keys": {
			{"quiet", quiet("api_key_created", 7*day), nil, 0, nil},
			{"known_actor_in_time", key(robin, workday(9)), nil, 0, nil},
			{"known_actor_in_the_evening", key(robin, workday(17)), nil, 1, []string{badKey}},
			{"known_actor_at_the_weekend", key(robin, last(10, time.Saturday, time.Sunday)), nil, 1, []string{badKey}},
			{"unknown_actor", key(stranger, workday(10)), nil, 1, []string{badKey}},
			{"claimed_actor", key(anonymous, workday(10)), nil, 1, []string{badKey}},
			{"no_actor", key("null", workday(10)), nil, 1, []string{badKey}},
		},
		"primary_owner": {
			{"quiet", quiet("primary_owner_transferred", 30*day), nil, 0, nil},
			{"transferred", one("primary_owner_transferred", robin), nil, 1, []string{"The primary owner changed in the last 30 days, by user_01Robin."}},
		},
		"compliance_api": {
			{"quiet", quiet("org_compliance_api_settings_updated", 30*day), nil, 0, nil},
			{"changed", one("org_compliance_api_settings_updated", stranger), nil, 1, []string{"The settings of the Compliance API changed in the last 30 days, by user_01Stranger."}},
		},
		"data_export": {
			{"quiet", append(quiet("org_members_exported", day), activity("activity_04", "org_data_export_completed", robin, hour)), nil, 0, nil},
			{"exported", append(one("org_members_exported", robin), activity("activity_02New", "org_data_export_started", robin, hour)), nil, 1, []string{"Data was exported in the last 24 hours: org_data_export_started, org_members_exported."}},
		},
		"shared_with_everyone": {
			{"quiet", quiet("design_project_published", day), nil, 0, nil},
			{"saved", one("claude_artifact_published", robin), nil, 0, nil},
			{"with_some", one("claude_project_sharing_updated", robin, audience("user", "group", "user")), nil, 0, nil},
			{"with_nobody", one("claude_project_sharing_updated", robin, audience()), nil, 0, nil},
			{"with_all", one("claude_project_sharing_updated", robin, audience("user", "organization")), nil, 1, []string{badShare}},
			{"with_anyone", one("claude_artifact_sharing_updated", robin, audience("anyone_with_link")), nil, 1, []string{badShare}},
			{"published", one("design_project_published", robin), nil, 1, []string{badShare}},
			{"not_said", one("claude_project_sharing_updated", robin, `"project_visibility_changed":{"visibility":"?"}`), nil, 1, []string{badShare}},
			{"null", one("claude_artifact_sharing_updated", robin, `"audience":null`), nil, 1, []string{badShare}},
		},
		"failed_sign_ins": {
			{"quiet", failedSignIns(100), nil, 0, []string{"No changes."}},
			{"many", failedSignIns(101), nil, 0, []string{"Warning: Check block assertion failed", "101 failed sign-ins in the last 24 hours."}},
		},
		"role_granted": {
			{"quiet", quiet("rbac_role_assigned", day), nil, 0, nil},
			{"by_the_directory", one("role_assignment_granted", directory), nil, 0, nil},
			{"by_somebody_else", append(one("rbac_role_assigned", robin), activity("activity_02New", "claude_user_role_updated", stranger, hour)), nil, 1, []string{"In the last 24 hours a role was granted by user_01Stranger."}},
			{"by_nobody", one("rbac_role_assigned", "null"), nil, 1, []string{"a role was granted by none."}},
		},
		"mcp_server": {
			{"quiet", append(quiet("mcp_server_created", day), activity("activity_04", "mcp_server_deleted", robin, hour)), nil, 0, nil},
			{"added", append(one("mcp_server_created", robin), activity("activity_02New", "mcp_tool_policy_updated", robin, hour)), nil, 1, []string{"changed in the last 24 hours: mcp_server_created, mcp_tool_policy_updated."}},
		},
	}
	for name, states := range gates {
		t.Run(name, func(t *testing.T) {
			runStates(t, filepath.Join("guides/policies", name+".tf"), states)
		})
	}
	if len(gates) != len(find(t, "guides/policies", ".tf")) {
		t.Error("a gate has no test, or a test has no gate")
	}
}

// last is the last time that it was this hour, UTC, on one of these days of the week.
func last(hour int, days ...time.Weekday) time.Time {
	now := time.Now().UTC()
	at := time.Date(now.Year(), now.Month(), now.Day(), hour, 0, 0, 0, time.UTC)
	for !at.Before(now.Add(-time.Minute)) || !slices.Contains(days, at.Weekday()) {
		at = at.AddDate(0, 0, -1)
	}
	return at
}

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
