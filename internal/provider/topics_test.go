package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func occurred(id, kind string) string {
	return fmt.Sprintf(`{"id":%q,"created_at":"2026-04-10T08:00:00Z","type":%q}`, id, kind)
}

// TestTopics asks for all types of a topic, beside one that is named.
func TestTopics(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(
		occurred("a1", "audit_log_export_started"), occurred("a2", "org_members_exported"), occurred("a3", "user_signed_out"), occurred("a4", "claude_chat_created"),
	)})
	s := reading(t, fake, nil)
	config := values{"topics": []string{"data_export"}, "activity_types": []string{"user_signed_out", "org_members_exported"}}
	for _, read := range []func(string, values) values{s.mustRead, s.mustOpen} {
		fake.ResetRequests()
		requireEqual(t, "total", read(summaryName, config)["total"], 3)
		requireEqual(t, "activities", len(ids(read(listName, config))), 3)
		want := slices.Concat(activitytype.InTopic["data_export"], []string{"user_signed_out"})
		slices.Sort(want)
		for _, request := range fake.Requests() {
			requireEqual(t, "types", request.Query["activity_types[]"], want)
		}
	}
}

// TestUnclassified leaves the everyday types to the server and the other known ones out
// itself. They count for nothing.
func TestUnclassified(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(
		occurred("a1", "something_new"), occurred("a2", "claude_chat_created"), occurred("a3", "org_sso_toggled"), occurred("a4", "something_else"),
	)})
	s := reading(t, fake, nil)
	config := values{"topics": []string{"unclassified"}, "reviewed": values{"a3": "is no finding of this", "a4": "looked at"}}
	list := s.list(config)
	requireEqual(t, "activities", ids(list), []string{"a1"})
	requireEqual(t, "excepted", list["excepted"], 1)
	requireEqual(t, "reviewed_ids", list["reviewed_ids"], []any{"a4"})
	requireEqual(t, "total", s.mustRead(summaryName, config)["total"], 1)
	query := fake.Requests()[0].URL.RawQuery
	if !strings.Contains(query, "exclude_activity_types%5B%5D=claude_chat_created") || strings.Contains(query, "org_sso_toggled") || len(query) > 6200 {
		t.Errorf("got a query of %d characters: %s", len(query), query)
	}
}

// refuseTypes answers 400, as the API does, for each name that it does not know any more.
func refuseTypes(fake *fakeapi.Server, names ...string) {
	for _, parameter := range []string{"activity_types", "exclude_activity_types"} {
		for _, name := range names {
			index := func(c fakeapi.Request) int { return slices.Index(c.Query[parameter+"[]"], name) }
			for i := range 400 {
				fake.Inject(func(c fakeapi.Request) bool { return index(c) == i },
					fakeapi.Status(http.StatusBadRequest, "invalid_request_error", fmt.Sprintf("%s[].%d: Input is not one of the permitted values.", parameter, i)))
			}
		}
	}
}

// TestNamesThatTheServerForgot has the server refuse names. What a topic brought is left out
// with a warning; what the user wrote is an error; and none left is no read of everything.
func TestNamesThatTheServerForgot(t *testing.T) {
	t.Parallel()
	feed := []string{occurred("a1", "audit_log_export_started"), occurred("a2", "user_signed_out"), occurred("a3", "something_new")}
	for name, test := range map[string]struct {
		config  values
		forgets []string
		want    any // total; nil for an error
		says    []string
	}{
		"of a topic":        {values{"topics": []string{"data_export"}}, []string{"org_members_exported"}, 1, []string{`"org_members_exported"`, "sent again without"}},
		"two of a topic":    {values{"topics": []string{"data_export"}}, []string{"org_members_exported", "claude_file_exported"}, 1, []string{"org_members_exported", "claude_file_exported"}},
		"written":           {values{"topics": []string{"data_export"}, "activity_types": []string{"user_signed_out"}}, []string{"user_signed_out"}, nil, []string{"does not know an activity type", "user_signed_out"}},
		"written and topic": {values{"topics": []string{"data_export"}, "activity_types": []string{"org_members_exported"}}, []string{"org_members_exported"}, nil, []string{"org_members_exported"}},
		"all":               {values{"topics": []string{"audit_log_read"}}, activitytype.InTopic["audit_log_read"], nil, []string{"The server knows no type of the topics"}},
		"not asked for":     {values{"topics": []string{"unclassified"}}, []string{"claude_chat_created"}, 2, []string{"claude_chat_created"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(feed...)})
			refuseTypes(fake, test.forgets...)
			s := reading(t, fake, nil)
			result, diags := s.read(summaryName, test.config)
			requireTexts(t, render(diags), test.says...)
			if test.want == nil {
				if len(diags) == 0 || result["total"] != nil {
					t.Errorf("got %v and %s, want an error", result["total"], render(diags))
				}
				return
			}
			requireEqual(t, "total", result["total"], test.want)
		})
	}
}
