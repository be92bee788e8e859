package activitytype

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestKnown(t *testing.T) {
	t.Parallel()
	names := Known()
	if len(names) < 400 {
		t.Fatalf("got %d known types, want the whole list", len(names))
	}
	for i, name := range names {
		if name != strings.ToLower(name) || strings.ContainsAny(name, " \t#,") {
			t.Errorf("got %q, want a type's name", name)
		}
		if i > 0 && names[i-1] >= name {
			t.Errorf("got %q before %q, want each name once and sorted", names[i-1], name)
		}
	}
	if !slices.IsSorted(strings.Split(strings.TrimSpace(list[strings.LastIndex(list, "#"):]), "\n")[1:]) {
		t.Error("activity-types.txt is not sorted; run make update-activity-types")
	}
	names[0] = "changed"
	if Known()[0] == "changed" {
		t.Error("Known hands out its own memory")
	}
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	got, err := time.Parse(asOfLayout, AsOf())
	if err != nil || got.Before(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("got %q from the first line of activity-types.txt, want September 2026 or later", AsOf())
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		patterns  []string
		want      []string
		wantError string
	}{
		{name: "name", patterns: []string{"org_sso_toggled"}, want: []string{"org_sso_toggled"}},
		{name: "glob", patterns: []string{"scim_user_*"}, want: []string{"scim_user_created", "scim_user_deleted", "scim_user_updated"}},
		{name: "sorted_and_once", patterns: []string{"scim_user_updated", "scim_user_*", "account_deleted"},
			want: []string{"account_deleted", "scim_user_created", "scim_user_deleted", "scim_user_updated"}},
		{name: "question_mark_and_class", patterns: []string{"rbac_role_[c-d]?eated"}, want: []string{"rbac_role_created"}},
		{name: "no_pattern", wantError: "at least one pattern"},
		{name: "no_match", patterns: []string{"sso_*", "ssso_*"}, wantError: `"ssso_*" matches none`},
		{name: "empty_pattern", patterns: []string{""}, wantError: `"" matches none`},
		{name: "case_counts", patterns: []string{"SSO_*"}, wantError: `"SSO_*" matches none`},
		{name: "malformed", patterns: []string{"sso_["}, wantError: `"sso_[" is malformed`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Match(test.patterns...)
			if test.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantError) {
					t.Errorf("got %v, %v, want an error with %q", got, err, test.wantError)
				}
				return
			}
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestMatchAll(t *testing.T) {
	t.Parallel()
	if got, err := Match("*"); err != nil || !slices.Equal(got, Known()) {
		t.Errorf("got %d types, %v, want all %d", len(got), err, len(Known()))
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
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "acb", 1},
		{"ca", "abc", 3}, // a swap with a letter between is none
		{"kitten", "sitting", 3},
	} {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q): got %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, pattern := range []string{"*", "sso_*", "[a-z]*", "[", `\`, "?", ""} {
		f.Add(pattern)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		matches, err := Match(pattern)
		if (err == nil) != (len(matches) > 0) {
			t.Errorf("got %v, %v, want matches or an error", matches, err)
		}
	})
}
