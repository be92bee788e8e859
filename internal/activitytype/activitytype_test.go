package activitytype

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestList(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile(`^[a-z0-9_]+\t([a-z0-9_]+\??~?(,[a-z0-9_]+\??~?)*)?\t([a-z_]+(,[a-z_]+)*)?\t(listed|filter-only|retired|removed)\t[a-z_]*\t[^\t]*\t[^\t]*$`)
	states, last := map[State]int{}, ""
	for line := range strings.Lines(list) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if !row.MatchString(line) {
			t.Errorf("got the row %q, want the columns that the header names", line)
			continue
		}
		name, _, _ := strings.Cut(line, "\t")
		if name <= last {
			t.Errorf("got %q after %q, want each name once and sorted; run make update-activity-types", name, last)
		}
		last = name
		states[Of(name).State]++
	}
	header := fmt.Sprintf("(%d listed on ", states[Listed])
	if first, _, _ := strings.Cut(list, "\n"); states[Listed] < 500 || !strings.Contains(first, header) {
		t.Errorf("got %d listed types, want the whole list, and %q in its first line", states[Listed], header)
	}
	for _, state := range []State{FilterOnly, Retired, Removed} {
		if states[state] == 0 {
			t.Errorf("got no type that is %s", state)
		}
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Type{
		"org_sso_toggled": {
			Fields: []string{"enabled"}, FieldsKnown: true, Actors: []string{"user_actor", "anthropic_actor"}, State: Listed, Topic: "sign_in_settings_changed",
			Meaning: "Single sign-on was switched on or off.", Note: "enabled=true is harmless; some vendors write is_enabled.",
		},
		"account_deleted": {FieldsKnown: true, State: Listed, Topic: "member_removed", Meaning: "A user deleted their own account."},
		// Where the reference has not said what fields a type has, nobody may say that one is misspelt.
		"ccr_agent_proxy_rule_updated": {
			State: Listed, Topic: "agent_permission_widened", Meaning: "A rule for agents' outbound requests was replaced.",
			Note: "Fields not known (newer than August 2026); may allow or deny.",
		},
		"api_key_created": {
			Fields: []string{"api_key_id", "scopes", "restricted_to_organization"}, FieldsKnown: true, Actors: []string{"user_actor"}, State: Listed, Topic: "credential_created",
			Meaning: "An API key with scopes, often for the Compliance API, was created.", Note: `scopes tell; "*:analytics" cannot read the Compliance API.`,
		},
		"anthropic_access":      {State: FilterOnly, Topic: "vendor_access"},
		"design_project_viewed": {State: Retired, Topic: "content_viewed"},
		"environment_created":   {State: Removed, Topic: "agent_activity"},
		"sso_login_faild":       {}, "": {}, "#": {},
	} {
		got := Of(name)
		if want.Name = name; want.Meaning == "" {
			got.Fields, got.FieldsKnown, got.Actors, got.Meaning, got.Note = nil, false, nil, "", ""
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, want %+v", name, got, want)
		}
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	if len(Known) < 500 || !slices.IsSorted(Known) {
		t.Fatalf("got %d known types, want all that can be asked for, sorted", len(Known))
	}
	for _, name := range Known {
		if state := Of(name).State; state != Listed && state != FilterOnly || !IsName(name) {
			t.Errorf("got %q, which is %s, want none but listed and filter-only names", name, state)
		}
	}
}

func TestIsName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"sso_login_failed": true, "a1": true, "_": true,
		"": false, "sso_*": false, "SSO_login": false, "sso login": false, "a\n": false, "a-b": false, "é": false, "a.b_c": false,
	} {
		if got := IsName(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	got, err := time.Parse(asOfLayout, AsOf())
	if err != nil || got.Before(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("got %q from the first line of activity-types.tsv, want September 2026 or later", AsOf())
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		patterns []string
		want     []string
		fault    MatchError // without Only, whose name is apart
		only     string
	}{
		{name: "name", patterns: []string{"org_sso_toggled"}, want: []string{"org_sso_toggled"}},
		{name: "glob", patterns: []string{"scim_user_*"}, want: []string{"scim_user_created", "scim_user_deleted", "scim_user_updated"}},
		{name: "sorted_and_once", patterns: []string{"scim_user_updated", "scim_user_*", "account_deleted"},
			want: []string{"account_deleted", "scim_user_created", "scim_user_deleted", "scim_user_updated"}},
		{name: "question_mark_and_class", patterns: []string{"rbac_role_[c-d]?eated"}, want: []string{"rbac_role_created"}},
		{name: "filter_only", patterns: []string{"cmek_*"}, want: []string{"cmek_preserve"}},
		{name: "everything", patterns: []string{"*"}, want: Known},
		{name: "no_pattern", fault: MatchError{Fault: NoPattern}},
		{name: "no_match", patterns: []string{"sso_*", "ssso_*"}, fault: MatchError{Fault: NoMatch, Place: 2, Pattern: "ssso_*"}},
		{name: "retired", patterns: []string{"design_project_view*"}, fault: MatchError{Fault: NoMatch, Place: 1, Pattern: "design_project_view*"}, only: "design_project_viewed"},
		{name: "removed", patterns: []string{"environment_created"}, fault: MatchError{Fault: NoMatch, Place: 1, Pattern: "environment_created"}, only: "environment_created"},
		{name: "empty_pattern", patterns: []string{""}, fault: MatchError{Fault: NoMatch, Place: 1}},
		{name: "case_counts", patterns: []string{"SSO_*"}, fault: MatchError{Fault: NoMatch, Place: 1, Pattern: "SSO_*"}},
		{name: "malformed", patterns: []string{"sso_["}, fault: MatchError{Fault: Malformed, Place: 1, Pattern: "sso_["}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Match(test.patterns...)
			if fault, ok := errors.AsType[*MatchError](err); ok {
				if fault.Fault != test.fault.Fault || fault.Place != test.fault.Place || fault.Pattern != test.fault.Pattern || fault.Only.Name != test.only {
					t.Errorf("got %+v, want %+v, only %q", *fault, test.fault, test.only)
				}
			} else if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"sso_login_faild":    "sso_login_failed", // one letter less
		"sso_login_failedd":  "sso_login_failed", // one more
		"sso_login_fialed":   "sso_login_failed", // neighbours swapped
		"sso_logni_fialed":   "sso_login_failed", // twice
		"sso_lagin_faxled":   "sso_login_failed", // two others
		"ss_logi_faild":      "",                 // three less
		"sso_login_failed":   "",                 // known
		"environment_create": "",                 // close to a removed one alone
		"api_key_create":     "api_key_created",
		"Api_Key_created":    "api_key_created",
		"something_else":     "",
		"":                   "",
		"sso_login_éfailed":  "sso_login_failed", // two bytes
		"a_type_of_tomorrow": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, ok := Nearest(name); got != want || ok != (want != "") {
				t.Errorf("got %q, %v, want %q", got, ok, want)
			}
		})
	}
	if got, ok := NearestOf([]string{"abc"}, "ca"); ok { // a swap with a letter between is none
		t.Errorf("got %q, want nothing", got)
	}
}
