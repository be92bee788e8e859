package provider

import (
	"strings"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// TestReviewed leaves out what somebody has looked at, and says which of it was there.
func TestReviewed(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(toggles...)})
	s := reading(t, fake, nil)
	config := values{
		"except":   []any{values{"type": []string{"org_sso_toggled"}, "enabled": []string{"true"}}},
		"reviewed": values{"a3": "Planned, OPS-812.", "a1": "secret reason", "gone": "long ago", "A4": "another case"},
	}
	for _, read := range []func(string, values) values{s.mustRead, s.mustOpen} {
		for _, name := range []string{listName, summaryName} {
			result := read(name, config)
			requireEqual(t, "excepted", result["excepted"], 3)
			requireEqual(t, "reviewed_ids", result["reviewed_ids"], []any{"a1", "a3"})
		}
		requireEqual(t, "total", read(summaryName, config)["total"], 1)
		requireEqual(t, "reviewed_ids without it", read(listName, nil)["reviewed_ids"], []any{})
		requireEqual(t, "excepted with none", read(listName, values{"reviewed": values{}})["excepted"], 0)
	}
	for _, request := range fake.Requests() {
		if strings.Contains(request.RawQuery, "reason") {
			t.Errorf("a request has a reason: %s", request.RawQuery)
		}
	}
	// In the baseline, too, which counts for nothing else.
	baseline := s.mustRead(summaryName, values{"created_at_gte": "2026-04-10T08:00:03Z", "group_by": []string{"type"}, "baseline": "1h", "reviewed": values{"a1": "before", "a4": "now"}})
	requireEqual(t, "reviewed_ids", baseline["reviewed_ids"], []any{"a1", "a4"})
	requireEqual(t, "excepted", baseline["excepted"], 1)
}

func TestReviewedIsValidated(t *testing.T) {
	t.Parallel()
	s := start(t, newTestProvider())
	for name, test := range map[string]struct {
		reviewed values
		says     []string
	}{
		"none":             {values{}, nil},
		"IDs":              {values{"activity_01AbC": "fine", "a-b.c:d": "fine"}, nil},
		"not yet known":    {values{"activity_01AbC": unknown}, nil},
		"a pattern":        {values{"activity_*": "all is well"}, []string{`"activity_*" is a pattern`}},
		"a comma":          {values{"activity_1,activity_2": "fine"}, []string{"is no ID"}},
		"empty":            {values{"": "fine"}, []string{"is no ID"}},
		"zero width":       {values{"activity_1\u200b": "fine"}, []string{"is no ID"}},
		"blank reason":     {values{"activity_1": " "}, []string{"no reason"}},
		"null reason":      {values{"activity_1": nil}, []string{"no reason"}},
		"the key in a key": {values{"sk-ant-api03-abcdefgh": "fine!"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			diags := s.in(t).validate(listName, values{"reviewed": test.reviewed})
			if test.says == nil {
				requireNone(t, diags)
				return
			}
			text := render(diags)
			for _, says := range test.says {
				if !strings.Contains(text, says) {
					t.Errorf("want %q in %s", says, text)
				}
			}
			if strings.Contains(text, "all is well") {
				t.Errorf("a reason is repeated: %s", text)
			}
		})
	}
}
