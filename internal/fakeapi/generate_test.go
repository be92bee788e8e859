package fakeapi_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func TestGenerateIsRealistic(t *testing.T) {
	t.Parallel()
	const n = 4000
	newest := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	id := regexp.MustCompile(`^activity_01[1-9A-HJ-NP-Za-km-z]{22}$`)
	order := regexp.MustCompile(`^\{"id":"[^"]*","created_at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z","organization_id":[^,]*,"organization_uuid":[^,]*,"actor":\{.*\},"type":"`)
	types, actors, ids := make(map[string]int), make(map[string]int), make(map[string]bool)
	var ties, fractions, noOrganization, onBehalf int
	var previous activity
	for _, text := range fakeapi.Generate(fakeapi.Spec{Activities: n, Seed: 3}).All() {
		a := decode(t, []byte(text))
		if !id.MatchString(a.ID) || ids[a.ID] || !order.MatchString(text) || strings.Contains(text, `"filename":`) {
			t.Fatalf("a bad or repeated id, another order of fields than the documented one, or a name of a file: %s", text)
		}
		if a.CreatedAt.After(newest) || a.CreatedAt.Before(newest.Add(-30*24*time.Hour-time.Second)) {
			t.Fatalf("outside of the span: %s", text)
		}
		for found, count := range map[*int]bool{&ties: a.CreatedAt.Equal(previous.CreatedAt), &fractions: a.CreatedAt.Nanosecond() != 0,
			&noOrganization: a.OrganizationID == nil, &onBehalf: strings.Contains(text, `"ip_address":"0.0.0.0"`)} {
			if count {
				*found++
			}
		}
		types[a.Type]++
		actors[a.Actor.Type]++
		ids[a.ID], previous = true, a
	}
	if len(ids) != n || len(types) < 50 || len(actors) != 11 || ties < n/10 || fractions < n/10 || noOrganization < n/100 || onBehalf == 0 {
		t.Errorf("got %d activities, %d types, the actors %v, %d ties, %d fractions, %d without an organization, %d on somebody's behalf, want more",
			len(ids), len(types), actors, ties, fractions, noOrganization, onBehalf)
	}
}
