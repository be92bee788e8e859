package provider

import (
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func TestFiltersArriveAtTheServer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config values
		want   url.Values
	}{
		"nothing":            {values{}, url.Values{"limit": {"5000"}}},
		"a null filter":      {values{"actor_ids": nil, "order": nil, "limit": nil, "timeouts": nil}, url.Values{"limit": {"5000"}}},
		"one of each":        {values{"organization_ids": []string{"org_1"}, "actor_ids": []string{"user_1"}, "activity_types": []string{"sso_login_failed"}}, url.Values{"limit": {"5000"}, "organization_ids[]": {"org_1"}, "actor_ids[]": {"user_1"}, "activity_types[]": {"sso_login_failed"}}},
		"several, sorted":    {values{"actor_ids": []string{"user_2", "user_3", "user_1"}}, url.Values{"limit": {"5000"}, "actor_ids[]": {"user_1", "user_2", "user_3"}}},
		"excluded types":     {values{"exclude_activity_types": []string{"compliance_api_accessed"}}, url.Values{"limit": {"5000"}, "exclude_activity_types[]": {"compliance_api_accessed"}}},
		"a filter-only type": {values{"activity_types": []string{"anthropic_access"}}, url.Values{"limit": {"5000"}, "activity_types[]": {"anthropic_access"}}},
		"all four bounds": {
			values{"created_at_gte": "2026-01-01T00:00:00Z", "created_at_gt": "2026-01-02T00:00:00Z", "created_at_lte": "2026-03-02T00:00:00Z", "created_at_lt": "2026-03-01T00:00:00Z"},
			url.Values{"limit": {"5000"}, "created_at.gte": {"2026-01-01T00:00:00Z"}, "created_at.gt": {"2026-01-02T00:00:00Z"}, "created_at.lte": {"2026-03-02T00:00:00Z"}, "created_at.lt": {"2026-03-01T00:00:00Z"}},
		},
		"bounds in UTC": {
			values{"created_at_gte": "2026-01-01T02:00:00.123456789+02:00"},
			url.Values{"limit": {"5000"}, "created_at.gte": {"2026-01-01T00:00:00.123456789Z"}},
		},
		"order asc":               {values{"order": "asc"}, url.Values{"limit": {"5000"}, "order": {"asc"}}},
		"order desc":              {values{"order": "desc"}, url.Values{"limit": {"5000"}, "order": {"desc"}}},
		"limit":                   {values{"limit": 1}, url.Values{"limit": {"1"}}},
		"limit above max_results": {values{"limit": 100, "max_results": 7}, url.Values{"limit": {"7"}}},
		"limit below max_results": {values{"limit": 7, "max_results": 100}, url.Values{"limit": {"7"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(`{"id":"a","created_at":"2026-01-01T00:00:00Z","type":"quantum_link_opened"}`)})
			s := reading(t, fake, nil)
			requireNone(t, s.validate(listName, test.config))
			s.list(test.config)
			requests := fake.Requests()
			if len(requests) != 1 {
				t.Fatalf("got %d requests, want 1", len(requests))
			}
			requireEqual(t, "query", requests[0].Query, test.want)
		})
	}
}

func TestFiltersSelect(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(
		`{"id":"a1","created_at":"2026-01-01T00:00:00Z","type":"sso_login_failed","organization_id":"org_1","actor":{"type":"user_actor","user_id":"user_1"}}`,
		`{"id":"a2","created_at":"2026-01-02T00:00:00Z","type":"sso_login_failed","organization_id":"org_2","actor":{"type":"user_actor","user_id":"user_2"}}`,
		`{"id":"a3","created_at":"2026-01-03T00:00:00Z","type":"user_signed_out","organization_id":null,"actor":{"type":"user_actor","user_id":"user_1"}}`,
	)})
	s := reading(t, fake, nil)
	for name, test := range map[string]struct {
		config values
		want   []string
	}{
		"everything":     {values{}, []string{"a3", "a2", "a1"}},
		"oldest first":   {values{"order": "asc"}, []string{"a1", "a2", "a3"}},
		"organizations":  {values{"organization_ids": []string{"org_1", "org_2"}}, []string{"a3", "a2", "a1"}},
		"actors":         {values{"actor_ids": []string{"user_1"}}, []string{"a3", "a1"}},
		"types":          {values{"activity_types": []string{"user_signed_out"}}, []string{"a3"}},
		"excluded types": {values{"exclude_activity_types": []string{"user_signed_out"}}, []string{"a2", "a1"}},
		"gte":            {values{"created_at_gte": "2026-01-02T00:00:00Z"}, []string{"a3", "a2"}},
		"gt":             {values{"created_at_gt": "2026-01-02T00:00:00Z"}, []string{"a3"}},
		"lte":            {values{"created_at_lte": "2026-01-02T00:00:00Z"}, []string{"a2", "a1"}},
		"lt":             {values{"created_at_lt": "2026-01-02T00:00:00Z"}, []string{"a1"}},
		"one instant":    {values{"created_at_gte": "2026-01-02T00:00:00Z", "created_at_lte": "2026-01-02T01:00:00+01:00"}, []string{"a2"}},
		"all together":   {values{"organization_ids": []string{"org_2"}, "actor_ids": []string{"user_2"}, "activity_types": []string{"sso_login_failed"}, "created_at_gte": "2026-01-01T00:00:00Z"}, []string{"a2"}},
		"nothing":        {values{"actor_ids": []string{"user_9"}}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			requireEqual(t, "activities", ids(s.in(t).list(test.config)), test.want)
		})
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 10, 12, 0, 0, 999, time.FixedZone("", 2*60*60))
	for name, test := range map[string]struct {
		config     values
		start, end any
		sent       url.Values
	}{
		"no bounds":         {values{}, nil, nil, url.Values{}},
		"a lower bound":     {values{"created_at_gt": "2026-04-01T00:00:00+02:00"}, "2026-03-31T22:00:00Z", nil, url.Values{"created_at.gt": {"2026-03-31T22:00:00Z"}}},
		"lookback from now": {values{"lookback": "24h"}, "2026-04-09T10:00:00Z", nil, url.Values{"created_at.gte": {"2026-04-09T10:00:00Z"}}},
		"lookback from lt": {values{"lookback": "2w", "created_at_lt": "2026-04-15T00:00:00.5Z"}, "2026-04-01T00:00:00.5Z", "2026-04-15T00:00:00.5Z",
			url.Values{"created_at.gte": {"2026-04-01T00:00:00.5Z"}, "created_at.lt": {"2026-04-15T00:00:00.5Z"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFake(t, fakeapi.Options{Now: func() time.Time { return now }})
			p := newTestProvider()
			p.now = func() time.Time { return now }
			s := start(t, p)
			s.configure(withFake(fake, nil))
			requireEqual(t, "window", s.list(test.config)["window"], values{"start": test.start, "end": test.end})
			query := fake.Requests()[0].Query
			query.Del("limit")
			requireEqual(t, "what was sent", query, test.sent)
		})
	}
}

// invalid are the configurations that validate must refuse, with the attribute at
// fault. Terraform shows that line.
var invalid = map[string]struct {
	config values
	at     string
	says   string
}{
	"no organizations":            {values{"organization_ids": []string{}}, "organization_ids", "The set is empty"},
	"no actors":                   {values{"actor_ids": []string{}}, "actor_ids", "The set is empty"},
	"no types":                    {values{"activity_types": []string{}}, "activity_types", "The set is empty"},
	"no excluded types":           {values{"exclude_activity_types": []string{}}, "exclude_activity_types", "The set is empty"},
	"an empty organization":       {values{"organization_ids": []string{"org_1", ""}}, "organization_ids", "an empty string"},
	"an empty actor":              {values{"actor_ids": []string{""}}, "actor_ids", "an empty string"},
	"an empty type":               {values{"activity_types": []string{""}}, "activity_types", "an empty string"},
	"an empty excluded type":      {values{"exclude_activity_types": []string{""}}, "exclude_activity_types", "an empty string"},
	"a null organization":         {values{"organization_ids": []any{"org_1", nil}}, "organization_ids", "a null"},
	"a null actor":                {values{"actor_ids": []any{nil}}, "actor_ids", "a null"},
	"a null type":                 {values{"activity_types": []any{nil}}, "activity_types", "a null"},
	"a null excluded type":        {values{"exclude_activity_types": []any{nil}}, "exclude_activity_types", "a null"},
	"a pattern":                   {values{"activity_types": []string{"scim_user_*"}}, "activity_types[scim_user_*]", `activity_types("scim_user_*") instead`},
	"an excluded pattern":         {values{"exclude_activity_types": []string{"scim_user_?eleted"}}, "exclude_activity_types[scim_user_?eleted]", `activity_types("scim_user_?eleted")`},
	"a pattern of no known type":  {values{"activity_types": []string{"ssso_*"}}, "activity_types[ssso_*]", `It returns the known names that match, and`},
	"an upper-case type":          {values{"activity_types": []string{"SSO_Login_Failed"}}, "activity_types[SSO_Login_Failed]", `Write "sso_login_failed".`},
	"a type with a blank":         {values{"activity_types": []string{"sso login failed"}}, "activity_types[sso login failed]", "lower-case letters"},
	"a type and a blank":          {values{"exclude_activity_types": []string{"sso_login_failed "}}, "exclude_activity_types[sso_login_failed ]", `Write "sso_login_failed".`},
	"an actor's address":          {values{"actor_ids": []string{"user_1", "robin@example.com"}}, "actor_ids[robin@example.com]", `an e-mail address`},
	"two actors in one":           {values{"actor_ids": []string{"user_1,user_2"}}, "actor_ids[user_1,user_2]", `"user_1,user_2" is no ID`},
	"an actor with no width":      {values{"actor_ids": []string{"user_1\u200b"}}, "actor_ids[user_1\u200b]", `"user_1\u200b" is no ID`},
	"a Cyrillic actor":            {values{"actor_ids": []string{"us\u0435r_1"}}, "actor_ids[us\u0435r_1]", "the character U+0435"},
	"no organization's ID":        {values{"organization_ids": []string{"org_1", "acme"}}, "organization_ids[acme]", `"acme" is no organization's ID`},
	"an actor with a blank":       {values{"actor_ids": []string{"user_1 "}}, "actor_ids[user_1 ]", "a space or a line break"},
	"an actor that is a blank":    {values{"actor_ids": []string{" "}}, "actor_ids[ ]", "a space or a line break"},
	"an organization's address":   {values{"organization_ids": []string{"it@example.com"}}, "organization_ids[it@example.com]", `begin with "org_", or are UUIDs`},
	"two organizations in one":    {values{"organization_ids": []string{"org_1 org_2"}}, "organization_ids[org_1 org_2]", "a space or a line break"},
	"types in and out":            {values{"activity_types": []string{"sso_login_failed"}, "exclude_activity_types": []string{"user_signed_out"}}, "exclude_activity_types", "activity_types"},
	"both cursors":                {values{"after_id": "a", "before_id": "b"}, "before_id", "after_id"},
	"lookback and gte":            {values{"lookback": "1h", "created_at_gte": "2026-01-01T00:00:00Z"}, "lookback", "created_at_gte"},
	"lookback and gt":             {values{"lookback": "1h", "created_at_gt": "2026-01-01T00:00:00Z"}, "lookback", "created_at_gt"},
	"gte is no time":              {values{"created_at_gte": "yesterday"}, "created_at_gte", "RFC 3339"},
	"gt has no zone":              {values{"created_at_gt": "2026-01-01T00:00:00"}, "created_at_gt", "RFC 3339"},
	"lte is a day":                {values{"created_at_lte": "2026-01-01"}, "created_at_lte", "RFC 3339"},
	"lt is empty":                 {values{"created_at_lt": ""}, "created_at_lt", "RFC 3339"},
	"an hour of one digit":        {values{"created_at_lt": "2026-01-01T8:00:00Z"}, "created_at_lt", "RFC 3339"},
	"a comma in the seconds":      {values{"created_at_lt": "2026-01-01T08:00:00,5Z"}, "created_at_lt", "RFC 3339"},
	"the 30th of February":        {values{"created_at_lt": "2026-02-30T00:00:00Z"}, "created_at_lt", "RFC 3339"},
	"a year of five digits":       {values{"created_at_lt": "9999-12-31T23:59:59-05:00"}, "created_at_lt", "years 0000 to 9999"},
	"lookback before all years":   {values{"lookback": "7d", "created_at_lt": "0000-01-02T00:00:00Z"}, "lookback", "from created_at_lt to before the year 0"},
	"gte after lte":               {values{"created_at_gte": "2026-01-02T00:00:00Z", "created_at_lte": "2026-01-01T00:00:00Z"}, "created_at_gte", "cover no time"},
	"gt at lte":                   {values{"created_at_gt": "2026-01-01T00:00:00Z", "created_at_lte": "2026-01-01T01:00:00+01:00"}, "created_at_gt", "cover no time"},
	"gte at lt":                   {values{"created_at_gte": "2026-01-01T00:00:00Z", "created_at_lt": "2026-01-01T00:00:00Z"}, "created_at_gte", "cover no time"},
	"the tighter bounds exclude":  {values{"created_at_gte": "2026-01-01T00:00:00Z", "created_at_gt": "2026-01-03T00:00:00Z", "created_at_lte": "2026-02-01T00:00:00Z", "created_at_lt": "2026-01-02T00:00:00Z"}, "created_at_gt", "created_at_lt"},
	"lookback without a unit":     {values{"lookback": "24"}, "lookback", `"24" must be a duration`},
	"lookback in words":           {values{"lookback": "7 days"}, "lookback", `"7 days" must be a duration`},
	"lookback in months":          {values{"lookback": "1mo"}, "lookback", `write days ("30d")`},
	"a minute for a month":        {values{"lookback": "1m"}, "lookback", `"1m" must be at least 2m. The unit "m" is a minute`},
	"lookback of a second":        {values{"lookback": "119s"}, "lookback", `"119s" must be at least 2m`},
	"lookback is empty":           {values{"lookback": ""}, "lookback", "duration"},
	"lookback of zero":            {values{"lookback": "0d"}, "lookback", "longer than zero"},
	"negative lookback":           {values{"lookback": "-1h"}, "lookback", "must not be negative"},
	"timeouts.read is no time":    {values{"timeouts": values{"read": "soon"}}, "timeouts.read", "duration"},
	"timeouts.read is zero":       {values{"timeouts": values{"read": "0s"}}, "timeouts.read", "longer than zero"},
	"another order":               {values{"order": "newest"}, "order", `"newest" must be "desc" or "asc"`},
	"an empty order":              {values{"order": ""}, "order", "asc"},
	"limit 0":                     {values{"limit": 0}, "limit", "a whole number from 1 to 5000"},
	"limit 5001":                  {values{"limit": 5001}, "limit", "The value 5001 must be a whole number from 1 to 5000"},
	"max_results 0":               {values{"max_results": 0}, "max_results", "a whole number, 1 or more"},
	"limit 1.5":                   {values{"limit": 1.5}, "limit", "a whole number from 1 to 5000"},
	"max_results beyond all":      {values{"max_results": 1 << 40}, "max_results", "too large"},
	"an empty after_id":           {values{"after_id": ""}, "after_id", "not a cursor"},
	"an empty before_id":          {values{"before_id": ""}, "before_id", "not a cursor"},
	"an empty exception":          {values{"except": []any{values{"id": []any{}}, values{}}}, "except[1]", "let everything through"},
	"a null exception":            {values{"except": []any{nil}}, "except[0]", "let everything through"},
	"except by nothing":           {values{"except": []any{values{"": []string{"a"}}}}, "except[0][]", "A key is empty"},
	"except by created_at":        {values{"except": []any{values{"created_at": []string{"2026-01-01T00:00:00Z"}}}}, "except[0][created_at]", "created_at_gte"},
	"except by the actor":         {values{"except": []any{values{"type": []string{"a"}}, values{"actor": []string{"user_1"}}}}, "except[1][actor]", "actor.user_id"},
	"except by a field of an id":  {values{"except": []any{values{"id.a": []any{}}}}, "except[0][id.a]", "No activity can have"},
	"except by a null list":       {values{"except": []any{values{"id": nil}}}, "except[0][id]", "Write []"},
	"except a null":               {values{"except": []any{values{"id": []any{nil, "a"}}}}, "except[0][id]", "A value is null"},
	"except an empty value":       {values{"except": []any{values{"id": []any{"", unknown}}}}, "except[0][id]", "A value is empty"},
	"except everything":           {values{"except": []any{values{"id": []any{"*"}}}}, "except[0][id]", "is a pattern"},
	"except a range that is none": {values{"except": []any{values{"id": unknown, "actor.ip_address": []any{"192.0.2.0/33"}}}}, "except[0][actor.ip_address]", "not a range"},
	"except every address":        {values{"except": []any{values{"actor.ip_address": []any{"::/0"}}}}, "except[0][actor.ip_address]", "wider than /8"},
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	s := start(t, newTestProvider())
	for name, test := range invalid {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			diags := s.validate(listName, test.config)
			requireError(t, diags, test.at, test.says)
			requireEqual(t, "diagnostics of the ephemeral resource", render(s.validateEphemeral(listName, test.config)), render(diags))
		})
	}
}

func TestValidateAccepts(t *testing.T) {
	t.Parallel()
	s := start(t, newTestProvider())
	everything := values{
		"organization_ids": unknown, "actor_ids": unknown, "activity_types": unknown, "exclude_activity_types": unknown,
		"created_at_gte": unknown, "created_at_gt": unknown, "created_at_lte": unknown, "created_at_lt": unknown, "lookback": unknown,
		"order": unknown, "after_id": unknown, "before_id": unknown, "limit": unknown, "max_results": unknown, "timeouts": unknown, "except": unknown,
	}
	for name, config := range map[string]values{
		"everything unknown":            everything,
		"an unknown element":            {"actor_ids": []any{unknown}, "activity_types": []any{"sso_login_failed", unknown}},
		"a type that is newer":          {"activity_types": []string{"quantum_link_opened"}},
		"a filter-only type":            {"exclude_activity_types": []string{"cmek_preserve"}},
		"organizations of both kinds":   {"organization_ids": []string{"org_1", "6f2c1de0-8d0c-4d1c-9b57-3f0a4f1f6a52"}},
		"an unknown read timeout":       {"timeouts": values{"read": unknown}},
		"an unknown bound may be right": {"created_at_gte": "2026-01-01T00:00:00Z", "created_at_lt": unknown},
		"lookback and an unknown bound": {"lookback": "1h", "created_at_lt": unknown},
		"one instant":                   {"created_at_gte": "2026-01-01T00:00:00Z", "created_at_lte": "2026-01-01T00:00:00Z"},
		"the smallest numbers":          {"limit": 1, "max_results": 1},
		"the largest limit":             {"limit": 5000, "max_results": 1<<31 - 1},
		"lookback with an upper bound":  {"lookback": "1w2d3h4m5.5s", "created_at_lte": "2026-01-01T00:00:00Z"},
		"a lookback of a century":       {"lookback": "5200w"},
		"no exceptions":                 {"except": []any{}},
		"an exception with no values":   {"except": []any{values{"id": []any{}}}},
		"unknown in exceptions":         {"except": []any{unknown, values{"id": unknown}, values{"id": []any{unknown, "a"}}}},
		"fields that may be new":        {"activity_types": []any{"org_sso_toggled", "quantum_link_opened"}, "except": []any{values{"decision": []any{"a"}, "quantum.state": []any{"b"}}}},
		"fields of the types":           {"activity_types": []any{"abuse_decision_received", "org_sso_toggled"}, "except": []any{values{"decision": []any{"a"}}, values{"enabled": []any{"true"}}}},
		"fields and ranges":             {"except": []any{values{"actor.email_address": []any{"*@example.com"}, "provider.type": []any{"a"}, "actor.ip_address": []any{"192.0.2.9/24", "2001:DB8::1", "10.*"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			requireNone(t, s.validate(listName, config))
			requireNone(t, s.validateEphemeral(listName, config))
		})
	}
}

// doubtful are values that may be right, of which validate warns.
var doubtful = map[string]struct {
	config values
	at     string
	says   string
}{
	"a misspelt type":          {values{"activity_types": []string{"sso_login_faild", "sso_login_failed", "a_type_of_tomorrow"}}, "activity_types[sso_login_faild]", `"sso_login_failed" is`},
	"a misspelt excluded one":  {values{"exclude_activity_types": []any{"sso_login_faild", unknown}}, "exclude_activity_types[sso_login_faild]", `"sso_login_failed" is`},
	"a retired type":           {values{"activity_types": []string{"design_project_viewed"}}, "activity_types[design_project_viewed]", "nothing is recorded under it any more"},
	"a removed type":           {values{"exclude_activity_types": []string{"environment_created"}}, "exclude_activity_types[environment_created]", "The server may refuse it"},
	"an actor of another kind": {values{"actor_ids": []any{"user_1", "apikey_1", unknown}}, "actor_ids[apikey_1]", "may match nothing"},
	"extra in an exception":    {exceptBy("extra.enabled"), "except[0][extra.enabled]", `Did you mean "enabled"?`},
	"an actor's e-mail":        {exceptBy("actor.email"), "except[0][actor.email]", `Did you mean "actor.email_address"?`},
	"an actor's mail":          {exceptBy("actor.mail"), "except[0][actor.mail]", "may let nothing through"},
	"a misspelt actor's field": {exceptBy("actor.usr_id"), "except[0][actor.usr_id]", `Did you mean "actor.user_id"?`},
	"the actor's extra":        {exceptBy("actor.extra.issuer"), "except[0][actor.extra.issuer]", "No activity that the provider knows"},
	"a field without actor":    {exceptBy("user_agent"), "except[0][user_agent]", `Did you mean "actor.user_agent"?`},
	"a misspelt field":         {exceptBy("enabeld"), "except[0][enabeld]", `Did you mean "enabled"?`},
	"a field of other types":   {values{"activity_types": []string{"org_sso_toggled"}, "except": []any{values{"decision": []string{"a"}}}}, "except[0][decision]", "No activity of the types"},
	"a field of another type":  {values{"activity_types": []string{"abuse_decision_received"}, "except": []any{values{"decision": []string{"a"}, "type": []string{"org_sso_toggled"}}}}, "except[0][decision]", "No activity of the types"},
}

func exceptBy(key string) values {
	return values{"except": []any{values{key: []string{"a"}}}}
}

func TestValidateWarns(t *testing.T) {
	t.Parallel()
	s := start(t, newTestProvider())
	for name, test := range doubtful {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			for _, object := range []string{listName, TypeName + "_activity_summary"} {
				diags := s.validate(object, test.config)
				if len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityWarning ||
					diagnosticPath(diags[0]) != test.at || !strings.Contains(diags[0].Detail, test.says) {
					t.Errorf("%s: got\n%s\nwant one warning at %s with %q", object, render(diags), test.at, test.says)
				}
				requireEqual(t, "diagnostics of the ephemeral resource", render(s.validateEphemeral(object, test.config)), render(diags))
			}
		})
	}
}

// What looks like a key is in no message, also not as the key of a map or in a path.
func TestValidateRepeatsNoKey(t *testing.T) {
	t.Parallel()
	s := start(t, newTestProvider())
	const secret = "x Sk-ant-api03-AbCdEfGh"
	for _, config := range []values{
		{"created_at_gte": secret}, {"created_at_lt": secret}, {"lookback": secret}, {"order": secret}, {"timeouts": values{"read": secret}},
		{"organization_ids": []string{secret}}, {"actor_ids": []string{secret}}, {"activity_types": []string{secret}}, {"exclude_activity_types": []string{secret + "*"}},
		{"except": []any{values{"actor.ip_address": []string{secret, secret + "/24"}}}}, {"except": []any{values{"id": []string{secret + "*"}}}},
		{"except": []any{values{secret + "..a": []string{"a"}, "id." + secret: []string{"a"}, "created_at." + secret: []string{"a"}}}},
		{"except": []any{values{"extra." + secret: []string{"a"}, "actor." + secret: []string{"a"}}}},
	} {
		diags := s.validate(listName, config)
		if text := strings.ToLower(render(diags)); len(diags) == 0 || strings.Contains(text, "sk-ant") {
			t.Errorf("%v: got\n%s\nwant diagnostics without the key", config, text)
		}
	}
}

// The summary has the same filters, and none of the list's other arguments.
func TestSummaryHasTheFilters(t *testing.T) {
	t.Parallel()
	const summaryName = TypeName + "_activity_summary"
	s := start(t, newTestProvider())
	arguments := func(name string) map[string]*tfprotov6.SchemaAttribute {
		all := map[string]*tfprotov6.SchemaAttribute{}
		for _, attribute := range s.schema.DataSourceSchemas[name].Block.Attributes {
			if attribute.Optional {
				all[attribute.Name] = attribute
			}
		}
		return all
	}
	want := arguments(listName)
	for _, name := range []string{"order", "after_id", "before_id", "limit", "max_results"} {
		delete(want, name)
	}
	got := arguments(summaryName)
	for _, name := range []string{"group_by", "min_count", "max_groups", "within", "baseline"} {
		if got[name] == nil {
			t.Errorf("the summary has no %s", name)
		}
		delete(got, name)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got the arguments %v, want %v, and these alike", sorted(got), sorted(want))
	}

	for name, test := range invalid {
		if slices.ContainsFunc(sorted(test.config), func(argument string) bool { return want[argument] == nil }) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			requireError(t, s.in(t).validate(summaryName, test.config), test.at, test.says)
		})
	}
}
