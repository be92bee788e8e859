package provider

import (
	"net/url"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// Each argument arrives at the server, as it takes it, and window says which bounds were sent.
func TestArgumentsArriveAtTheServer(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 10, 12, 0, 0, 999, time.FixedZone("", 2*60*60))
	for name, test := range map[string]struct {
		config     values
		want       url.Values // and limit, where it is 5000
		start, end any
	}{
		"nothing": {values{}, url.Values{}, nil, nil},
		"one of each": {
			values{"organization_ids": []string{"org_1"}, "actor_ids": []string{"user_1"}, "activity_types": []string{"sso_login_failed"}},
			url.Values{"organization_ids[]": {"org_1"}, "actor_ids[]": {"user_1"}, "activity_types[]": {"sso_login_failed"}}, nil, nil,
		},
		"several, sorted": {values{"actor_ids": []string{"user_2", "user_3", "user_1"}}, url.Values{"actor_ids[]": {"user_1", "user_2", "user_3"}}, nil, nil},
		"excluded types":  {values{"exclude_activity_types": []string{"anthropic_access"}}, url.Values{"exclude_activity_types[]": {"anthropic_access"}}, nil, nil},
		"all four bounds": {
			values{"created_at_gte": "2026-01-01T00:00:00Z", "created_at_gt": "2026-01-02T00:00:00Z", "created_at_lte": "2026-03-02T00:00:00Z", "created_at_lt": "2026-03-01T00:00:00Z"},
			url.Values{"created_at.gte": {"2026-01-01T00:00:00Z"}, "created_at.gt": {"2026-01-02T00:00:00Z"}, "created_at.lte": {"2026-03-02T00:00:00Z"}, "created_at.lt": {"2026-03-01T00:00:00Z"}},
			"2026-01-02T00:00:00Z", "2026-03-01T00:00:00Z",
		},
		"bounds in UTC":     {values{"created_at_gte": "2026-01-01T02:00:00.123456789+02:00"}, url.Values{"created_at.gte": {"2026-01-01T00:00:00.123456789Z"}}, "2026-01-01T00:00:00.123456789Z", nil},
		"lookback from now": {values{"lookback": "24h"}, url.Values{"created_at.gte": {"2026-04-09T10:00:00Z"}}, "2026-04-09T10:00:00Z", nil},
		"lookback from lt": {
			values{"lookback": "2w", "created_at_lt": "2026-04-15T00:00:00.5Z"},
			url.Values{"created_at.gte": {"2026-04-01T00:00:00.5Z"}, "created_at.lt": {"2026-04-15T00:00:00.5Z"}}, "2026-04-01T00:00:00.5Z", "2026-04-15T00:00:00.5Z",
		},
		"order and limit":         {values{"order": "asc", "limit": 1}, url.Values{"limit": {"1"}, "order": {"asc"}}, nil, nil},
		"limit above max_results": {values{"limit": 100, "max_results": 7}, url.Values{"limit": {"7"}}, nil, nil},
		"limit below max_results": {values{"limit": 7, "max_results": 100}, url.Values{"limit": {"7"}}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFake(t, fakeapi.Options{Now: func() time.Time { return now }})
			p := newTestProvider()
			p.now = func() time.Time { return now }
			s := start(t, p)
			s.configure(withFake(fake, nil))
			if !test.want.Has("limit") {
				test.want.Set("limit", "5000")
			}
			for _, object := range s.objectsWith(test.config) {
				fake.ResetRequests()
				requireEqual(t, "window", s.mustRead(object, test.config)["window"], values{"start": test.start, "end": test.end})
				requireEqual(t, "query", fake.Requests()[0].Query, test.want)
			}
		})
	}
}
