package provider

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// invalidProvider are arguments of the provider that validate must refuse. None of the values
// that may hold a key is repeated.
var invalidProvider = map[string]struct {
	at    string
	value any
	says  string
}{
	"an empty key":            {"api_key", "", "is empty"},
	"a key with a line break": {"api_key", "hunter22-hunter22\n", "line break"},
	"a key with a space":      {"api_key", "hunter22 hunter22", "space"},
	"a key in quotes":         {"api_key", "'hunter22'", "quotation marks"},
	"no URL":                  {"base_url", "https://exa mple.com/%zz", "not a valid URL"},
	"a port too high":         {"base_url", "https://example.com:65536", "an invalid port"},
	"the endpoint":            {"base_url", "https://example.com/v1/compliance/activities", "must not end with"},
	"no base URL":             {"base_url", "", "must begin with https://"},
	"no host":                 {"base_url", "https:///v1", "no host"},
	"another scheme":          {"base_url", "ftp://example.com", "must begin with https://"},
	"http elsewhere":          {"base_url", "http://api.example.com", "loopback"},
	"http to a lookalike":     {"base_url", "http://127.0.0.1.example.com", "loopback"},
	"a password in the URL":   {"base_url", "https://user:hunter22@example.com", "credentials"},
	"a query":                 {"base_url", "https://example.com?key=hunter22", "query"},
	"a fragment":              {"base_url", "https://example.com#hunter22", "fragment"},
	"no duration":             {"request_timeout", "30", `"90m"`},
	"a duration of zero":      {"request_timeout", "0s", "longer than zero"},
	"too many retries":        {"max_retries", 11, "a whole number from 0 to 10"},
	"a negative rate":         {"rate_limit_rpm", -1, "a whole number, 0 or more"},
	"no requests at once":     {"max_concurrent_requests", 0, "a whole number from 1 to 16"},
	"no version":              {"anthropic_version", "", "2023-06-01"},
	"an odd version":          {"anthropic_version", "2023-06-01\r\nx-injected: 1", `"2023-06-01\r\nx-injected: 1" must be`},
	"a key for a version":     {"anthropic_version", "sk-ant-api03-hunter22 ", "not shown"},
	"two slashes":             {"base_url", "https://example.com//hunter22", "must not have //"},
	"an empty organization":   {"key_organization_id", "", "is empty"},
	"a blank organization":    {"key_organization_id", " \t", "is empty"},
}

func TestValidateProvider(t *testing.T) {
	t.Parallel()
	s := start(t, newTestProvider())
	for name, test := range invalidProvider {
		t.Run(name, func(t *testing.T) {
			diags := s.in(t).validateProvider(values{test.at: test.value})
			requireError(t, diags, test.at, test.says)
			if strings.Contains(render(diags), "hunter22") {
				t.Errorf("the value is repeated:\n%s", render(diags))
			}
		})
	}
	for name, config := range map[string]values{
		"nothing": {},
		"everything": {
			"api_key": "any-key", "base_url": "https://proxy.example.com/anthropic/", "request_timeout": "1m30s", "max_retries": 10,
			"rate_limit_rpm": 1<<31 - 1, "max_concurrent_requests": 16, "anthropic_version": "2023-06-01", "key_organization_id": "org_1",
		},
		"everything unknown": {
			"api_key": unknown, "base_url": unknown, "request_timeout": unknown, "max_retries": unknown,
			"rate_limit_rpm": unknown, "max_concurrent_requests": unknown, "anthropic_version": unknown, "key_organization_id": unknown,
		},
		"the smallest numbers": {"max_retries": 0, "rate_limit_rpm": 0, "max_concurrent_requests": 1},
		"http on localhost":    {"base_url": "http://localhost:8080"},
		"http on 127.0.0.1":    {"base_url": "http://127.0.0.1:8080"},
		"http on ::1":          {"base_url": "http://[::1]:8080"},
	} {
		t.Run(name, func(t *testing.T) { requireNone(t, s.in(t).validateProvider(config)) })
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
	"a null organization":         {values{"organization_ids": []any{"org_1", nil}}, "organization_ids", "a null"},
	"a pattern":                   {values{"activity_types": []string{"scim_user_*"}}, "activity_types[scim_user_*]", `activity_types("scim_user_*") instead`},
	"an excluded pattern":         {values{"exclude_activity_types": []string{"scim_user_?eleted"}}, "exclude_activity_types[scim_user_?eleted]", `activity_types("scim_user_?eleted")`},
	"a pattern of no known type":  {values{"activity_types": []string{"ssso_*"}}, "activity_types[ssso_*]", `It returns the known names that match, and`},
	"a type with a blank":         {values{"activity_types": []string{"sso login failed"}}, "activity_types[sso login failed]", "An example is"},
	"a type and a blank":          {values{"exclude_activity_types": []string{"sso_login_failed "}}, "exclude_activity_types[sso_login_failed ]", `Write "sso_login_failed".`},
	"an actor's address":          {values{"actor_ids": []string{"user_1", "robin@example.com"}}, "actor_ids[robin@example.com]", `an e-mail address`},
	"two actors in one":           {values{"actor_ids": []string{"user_1,user_2"}}, "actor_ids[user_1,user_2]", `"user_1,user_2" is no ID`},
	"a Cyrillic actor":            {values{"actor_ids": []string{"us\u0435r_1"}}, "actor_ids[us\u0435r_1]", "the character U+0435"},
	"no organization's ID":        {values{"organization_ids": []string{"org_1", "acme"}}, "organization_ids[acme]", `"acme" is no organization's ID`},
	"an actor with a blank":       {values{"actor_ids": []string{"user_1 "}}, "actor_ids[user_1 ]", "a space or a line break"},
	"an organization's address":   {values{"organization_ids": []string{"it@example.com"}}, "organization_ids[it@example.com]", `begin with "org_", or are UUIDs`},
	"types in and out":            {values{"activity_types": []string{"sso_login_failed"}, "exclude_activity_types": []string{"user_signed_out"}}, "exclude_activity_types", "activity_types"},
	"both cursors":                {values{"after_id": "a", "before_id": "b"}, "before_id", "after_id"},
	"lookback and gte":            {values{"lookback": "1h", "created_at_gte": "2026-01-01T00:00:00Z"}, "lookback", "created_at_gte"},
	"lookback and gt":             {values{"lookback": "1h", "created_at_gt": "2026-01-01T00:00:00Z"}, "lookback", "created_at_gt"},
	"max_results 0":               {values{"max_results": 0}, "max_results", "a whole number, 1 or more"},
	"gte is no time":              {values{"created_at_gte": "yesterday"}, "created_at_gte", "RFC 3339"},
	"gt has no zone":              {values{"created_at_gt": "2026-01-01T00:00:00"}, "created_at_gt", "RFC 3339"},
	"lte is a day":                {values{"created_at_lte": "2026-01-01"}, "created_at_lte", "RFC 3339"},
	"lt is empty":                 {values{"created_at_lt": ""}, "created_at_lt", "RFC 3339"},
	"a year of five digits":       {values{"created_at_lt": "9999-12-31T23:59:59-05:00"}, "created_at_lt", "years 0000 to 9999"},
	"lookback before all years":   {values{"lookback": "7d", "created_at_lt": "0000-01-02T00:00:00Z"}, "lookback", "from created_at_lt to before the year 0"},
	"gte at lt":                   {values{"created_at_gte": "2026-01-01T00:00:00Z", "created_at_lt": "2026-01-01T00:00:00Z"}, "created_at_gte", "cover no time"},
	"the tighter bounds exclude":  {values{"created_at_gte": "2026-01-01T00:00:00Z", "created_at_gt": "2026-01-03T00:00:00Z", "created_at_lte": "2026-02-01T00:00:00Z", "created_at_lt": "2026-01-02T00:00:00Z"}, "created_at_gt", "created_at_lt"},
	"lookback in words":           {values{"lookback": "7 days"}, "lookback", `"7 days" must be a duration`},
	"lookback of all time":        {values{"lookback": "110000d"}, "lookback", "shorter than about 292 years"},
	"lookback in months":          {values{"lookback": "1mo"}, "lookback", `write days ("30d")`},
	"a minute for a month":        {values{"lookback": "1m"}, "lookback", `"1m" must be at least 2m. The unit "m" is a minute`},
	"lookback of a second":        {values{"lookback": "119s"}, "lookback", `"119s" must be at least 2m`},
	"lookback of zero":            {values{"lookback": "0d"}, "lookback", "longer than zero"},
	"negative lookback":           {values{"lookback": "-1h"}, "lookback", "must not be negative"},
	"timeouts.read is no time":    {values{"timeouts": values{"read": "soon"}}, "timeouts.read", "duration"},
	"another order":               {values{"order": "newest"}, "order", `"newest" must be "desc" or "asc"`},
	"limit 5001":                  {values{"limit": 5001}, "limit", "The value 5001 must be a whole number from 1 to 5000"},
	"limit 1.5":                   {values{"limit": 1.5}, "limit", "a whole number from 1 to 5000"},
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
	"except no address":           {exceptBy("actor.ip_address", "localhost"), "except[0][actor.ip_address]", "not an IP address"},
	"except by no letter":         {exceptBy("provider.type", "*_*"), "except[0][provider.type]", "has no letter and no digit"},
	"except every actor":          {exceptBy("actor.type", "*_actor"), "except[0][actor.type]", "matches every known actor.type"},

	"another topic":            {values{"topics": []string{"sign_ins"}}, "topics[sign_ins]", `Did you mean "sign_in"? The topics are`},
	"no topics":                {values{"topics": []string{}}, "topics", "The set is empty"},
	"topics in, types out":     {values{"topics": []string{"sign_in"}, "exclude_activity_types": []string{"user_signed_out"}}, "topics", "exclude_activity_types"},
	"unclassified and another": {values{"topics": []string{"unclassified", "sign_in"}}, "topics", "alone"},
	"unclassified and types":   {values{"topics": []string{"unclassified"}, "activity_types": []string{"user_signed_out"}}, "topics", "alone"},
	"a field without a type":   {ofTopic(values{"enabled": []string{"true"}}), "except[0]", `"enabled" and names no type`},
	"a field with a pattern":   {ofTopic(values{"enabled": []string{"true"}, "type": []string{"org_*_toggled"}}), "except[0]", "without a pattern"},

	"a pattern reviewed":        {values{"reviewed": values{"activity_*": "all is well"}}, "reviewed[activity_*]", `"activity_*" is a pattern`},
	"two reviewed in one":       {values{"reviewed": values{"activity_1,activity_2": "fine"}}, "reviewed[activity_1,activity_2]", "is no ID"},
	"nothing reviewed":          {values{"reviewed": values{"": "fine"}}, "reviewed[]", "is no ID"},
	"reviewed without a reason": {values{"reviewed": values{"activity_1": " "}}, "reviewed[activity_1]", "no reason"},
	"reviewed with a null":      {values{"reviewed": values{"activity_1": nil}}, "reviewed[activity_1]", "no reason"},

	"group_by nothing":          {values{"group_by": []string{}}, "group_by", "The set is empty"},
	"group_by a null":           {values{"group_by": []any{nil, unknown}}, "group_by", "The set holds a null"},
	"group_by the actor's":      {values{"group_by": []string{"type", "actor."}}, "group_by", `"actor." has an empty name`},
	"group_by created_at":       {values{"group_by": []string{"created_at"}}, "group_by", "Activities can be grouped by actor, account"},
	"min_count 0":               {grouped("min_count", 0), "min_count", "a whole number, 1 or more"},
	"min_count beyond all":      {grouped("min_count", 1<<40), "min_count", "too large"},
	"min_count alone":           {values{"min_count": 2}, "min_count", "group_by"},
	"max_groups 1001":           {grouped("max_groups", 1001), "max_groups", "The value 1001 must be a whole number from 1 to 1000"},
	"max_groups alone":          {values{"max_groups": 2}, "max_groups", "group_by"},
	"within alone":              {values{"within": "10m"}, "within", "group_by"},
	"within an hour":            {values{"within": "10m", "group_by": []any{"hour", unknown}}, "within", `Leave "hour" and "day" out`},
	"within a day":              {values{"within": unknown, "group_by": []string{"day", "type"}}, "within", `Leave "hour" and "day" out`},
	"within nothing":            {grouped("within", "999ms"), "within", "must be at least 1s"},
	"baseline alone":            {values{"baseline": "30d", "lookback": "24h"}, "baseline", "group_by"},
	"baseline without a window": {grouped("baseline", "30d"), "baseline", "Set lookback"},
}

func exceptBy(key string, allowed ...string) values {
	return values{"except": []any{values{key: allowed}}}
}

// ofTopic is an exception of a read of a topic.
func ofTopic(exception values) values {
	return values{"topics": []string{"sign_in_settings_changed"}, "except": []any{exception}}
}

func grouped(argument string, value any) values {
	return values{"group_by": []string{"type"}, argument: value}
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
	"extra in an exception":    {exceptBy("extra.enabled", "a"), "except[0][extra.enabled]", `Did you mean "enabled"?`},
	"an actor's e-mail":        {exceptBy("actor.email", "a"), "except[0][actor.email]", `Did you mean "actor.email_address"?`},
	"an actor's mail":          {exceptBy("actor.mail", "a"), "except[0][actor.mail]", "may let nothing through"},
	"a misspelt actor's field": {exceptBy("actor.usr_id", "a"), "except[0][actor.usr_id]", `Did you mean "actor.user_id"?`},
	"the actor's extra":        {exceptBy("actor.extra.issuer", "a"), "except[0][actor.extra.issuer]", "No activity that the provider knows"},
	"a field without actor":    {exceptBy("user_agent", "a"), "except[0][user_agent]", `Did you mean "actor.user_agent"?`},
	"a misspelt field":         {exceptBy("enabeld", "a"), "except[0][enabeld]", `Did you mean "enabled"?`},
	"a field of other types":   {values{"activity_types": []string{"org_sso_toggled"}, "except": []any{values{"decision": []string{"a"}}}}, "except[0][decision]", "No activity of the types"},
	"a field of another type":  {values{"activity_types": []string{"abuse_decision_received"}, "except": []any{values{"decision": []string{"a"}, "type": []string{"org_sso_toggled"}}}}, "except[0][decision]", "No activity of the types"},
}

// valid are configurations of which validate says nothing.
var valid = map[string]values{
	"everything unknown": {
		"organization_ids": unknown, "actor_ids": unknown, "activity_types": unknown, "exclude_activity_types": unknown,
		"created_at_gte": unknown, "created_at_gt": unknown, "created_at_lte": unknown, "created_at_lt": unknown, "lookback": unknown,
		"order": unknown, "after_id": unknown, "before_id": unknown, "limit": unknown, "max_results": unknown, "timeouts": unknown, "except": unknown,
	},
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

	"topics":                     {"topics": []string{"sign_in", "deletion"}},
	"unclassified":               {"topics": []string{"unclassified"}},
	"a field with a type":        ofTopic(values{"enabled": []string{"true"}, "type": []string{"org_sso_toggled"}}),
	"a field, its type unknown":  ofTopic(values{"enabled": []string{"true"}, "type": unknown}),
	"an actor, without a type":   ofTopic(values{"actor.user_id": []string{"user_1"}, "organization_id": []string{"org_1"}}),
	"reviewed":                   {"reviewed": values{"activity_01AbC": "fine", "a-b.c:d": unknown, "sk-ant-api03-abcdefgh": "fine!"}},
	"none reviewed":              {"reviewed": values{}},
	"everything grouped unknown": {"group_by": unknown, "min_count": unknown, "max_groups": unknown, "within": unknown, "baseline": unknown, "lookback": unknown},
	"groups":                     {"group_by": []any{unknown, "hour"}, "min_count": 1, "max_groups": 1000, "baseline": "1ms", "created_at_gt": unknown},
	"groups by fields":           {"group_by": []any{"resource_id", "provider.type"}, "within": "1s"},
}

// objectsWith are those that have all these arguments.
func (s *session) objectsWith(config values) (names []string) {
	for name, schema := range s.schema.DataSourceSchemas {
		if !slices.ContainsFunc(sorted(config), func(argument string) bool {
			return !slices.ContainsFunc(schema.Block.Attributes, func(a *tfprotov6.SchemaAttribute) bool { return a.Name == argument })
		}) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func TestValidate(t *testing.T) {
	t.Parallel()
	s := start(t, newTestProvider())
	each := func(name string, config values, check func(*testing.T, []*tfprotov6.Diagnostic)) {
		objects := s.objectsWith(config)
		if len(objects) == 0 {
			t.Errorf("%s: no object has all of %v", name, sorted(config))
		}
		for _, object := range objects {
			t.Run(object+"/"+name, func(t *testing.T) { check(t, s.in(t).validate(object, config)) })
		}
	}
	for name, config := range valid {
		each(name, config, func(t *testing.T, diags []*tfprotov6.Diagnostic) { requireNone(t, diags) })
	}
	for name, test := range invalid {
		each(name, test.config, func(t *testing.T, diags []*tfprotov6.Diagnostic) { requireError(t, diags, test.at, test.says) })
	}
	for name, test := range doubtful {
		each(name, test.config, func(t *testing.T, diags []*tfprotov6.Diagnostic) { requireWarning(t, diags, test.at, test.says) })
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
