package provider

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// activityWith is one as the provider returns it, with what differs from nulls.
func activityWith(fields values) values {
	all := values{"id": nil, "created_at": "2026-04-10T08:00:00Z", "type": "t", "organization_id": nil, "organization_uuid": nil, "actor": nil, "extra": "{}"}
	maps.Copy(all, fields)
	return all
}

// actor is one as the provider returns it, with what differs from nulls.
func actor(fields values) values {
	all := values{"extra": "{}"}
	for name := range actorType.AttrTypes {
		if name != "extra" {
			all[name] = nil
		}
	}
	maps.Copy(all, fields)
	return all
}

func TestActivity(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sent string // after id, created_at and type
		want values
	}{
		"nothing else":  {``, values{}},
		"nulls":         {`"organization_id":null,"organization_uuid":null,"actor":null`, values{}},
		"organizations": {`"organization_id":"org_1","organization_uuid":"abcdef01-2345-6789-abcd-ef0123456789"`, values{"organization_id": "org_1", "organization_uuid": "abcdef01-2345-6789-abcd-ef0123456789"}},
		"user_actor": {
			`"actor":{"type":"user_actor","email_address":"user@example.com","user_id":"user_1","ip_address":"192.0.2.34","user_agent":"Mozilla/5.0"}`,
			values{"actor": actor(values{"type": "user_actor", "email_address": "user@example.com", "user_id": "user_1", "ip_address": "192.0.2.34", "user_agent": "Mozilla/5.0"})},
		},
		"api_actor": {
			`"actor":{"type":"api_actor","api_key_id":"apikey_1","ip_address":"192.0.2.34","user_agent":"curl"}`,
			values{"actor": actor(values{"type": "api_actor", "api_key_id": "apikey_1", "ip_address": "192.0.2.34", "user_agent": "curl"})},
		},
		"admin_api_key_actor": {
			`"actor":{"type":"admin_api_key_actor","admin_api_key_id":"adminkey_1"}`,
			values{"actor": actor(values{"type": "admin_api_key_actor", "admin_api_key_id": "adminkey_1"})},
		},
		"unauthenticated_user_actor": {
			`"actor":{"type":"unauthenticated_user_actor","unauthenticated_email_address":"who@example.com","ip_address":"2001:db8::1","user_agent":""}`,
			values{"actor": actor(values{"type": "unauthenticated_user_actor", "unauthenticated_email_address": "who@example.com", "ip_address": "2001:db8::1", "user_agent": ""})},
		},
		"anthropic_actor": {
			`"actor":{"type":"anthropic_actor","email_address":null}`,
			values{"actor": actor(values{"type": "anthropic_actor"})},
		},
		"scim_directory_sync_actor": {
			`"actor":{"type":"scim_directory_sync_actor","workos_event_id":"event_1","directory_id":"directory_1","idp_connection_type":null}`,
			values{"actor": actor(values{"type": "scim_directory_sync_actor", "workos_event_id": "event_1", "directory_id": "directory_1"})},
		},
		"scim_directory_sync_actor with a connection": {
			`"actor":{"type":"scim_directory_sync_actor","idp_connection_type":"okta"}`,
			values{"actor": actor(values{"type": "scim_directory_sync_actor", "idp_connection_type": "okta"})},
		},
		"an actor of a new type": {
			`"actor":{"type":"robot_actor","user_id":"user_1","robot":{"arms":2}}`,
			values{"actor": actor(values{"type": "robot_actor", "user_id": "user_1", "extra": `{"robot":{"arms":2}}`})},
		},
		"an empty actor": {`"actor":{}`, values{"actor": actor(nil)}},
		"other fields, in their order": {
			`"zebra":1, "apple": [ true , null ], "mango": { "b" : 1, "a" : "x  y" }`,
			values{"extra": `{"zebra":1,"apple":[true,null],"mango":{"b":1,"a":"x  y"}}`},
		},
		"numbers as they are written": {
			`"big":12345678901234567890,"one":1.0,"huge":1e400,"minus":-0,"small":1E-7`,
			values{"extra": `{"big":12345678901234567890,"one":1.0,"huge":1e400,"minus":-0,"small":1E-7}`},
		},
		"fields of another JSON type": {
			`"organization_id":17,"organization_uuid":{"a":1},"actor":"nobody"`,
			values{"extra": `{"organization_id":17,"organization_uuid":{"a":1},"actor":"nobody"}`},
		},
		"an actor's fields of another JSON type": {
			`"actor":{"type":["user_actor"],"user_id":7,"ip_address":"192.0.2.1"}`,
			values{"actor": actor(values{"ip_address": "192.0.2.1", "extra": `{"type":["user_actor"],"user_id":7}`})},
		},
		"a known field twice": {
			`"organization_id":"org_1","organization_id":"org_2"`,
			values{"organization_id": "org_2", "extra": `{"organization_id":"org_1","organization_id":"org_2"}`},
		},
		"another field twice":      {`"a":1,"a":2`, values{"extra": `{"a":1,"a":2}`}},
		"names in another case":    {`"ID":"x","Actor":{},"Organization_ID":"y"`, values{"extra": `{"ID":"x","Actor":{},"Organization_ID":"y"}`}},
		"invalid UTF-8":            {"\"organization_id\":\"a\xffb\",\"note\":\"c\xfed\"", values{"organization_id": "a\uFFFDb", "extra": "{\"note\":\"c\uFFFDd\"}"}},
		"a lone surrogate":         {`"organization_id":"a\ud800b"`, values{"organization_id": "a\uFFFDb"}},
		"escapes in a known field": {`"organization_id":"\u00e9\n\u0000\ud83d\ude00"`, values{"organization_id": "é\n\x00😀"}},
		"scripts":                  {`"organization_id":"日本語 العربية 😀","name":"日本語 العربية 😀"`, values{"organization_id": "日本語 العربية 😀", "extra": `{"name":"日本語 العربية 😀"}`}},
		"a long string":            {`"name":"` + strings.Repeat("x", 100_000) + `"`, values{"extra": `{"name":"` + strings.Repeat("x", 100_000) + `"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := `{"id":"a1","created_at":"2026-04-10T08:00:00Z","type":"t"`
			if test.sent != "" {
				text += "," + test.sent
			}
			s := reading(t, newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(text + "}")}), nil)
			want := activityWith(test.want)
			want["id"] = "a1"
			result := s.list(values{})
			requireEqual(t, "activities", result["activities"], []any{want})
			opened, diags := s.open(listName, values{})
			requireNone(t, diags)
			requireEqual(t, "activities of the ephemeral resource", opened["activities"], result["activities"])
		})
	}
}

// A record that the feed cannot be ordered by is kept as it is too.
func TestCreatedAtIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(1)...)})
	fake.Inject(fakeapi.Always, fakeapi.SetField(0, "created_at", `"the other day"`))
	result := reading(t, fake, nil).list(values{})
	requireEqual(t, "created_at", result["activities"].([]any)[0].(values)["created_at"], "the other day")
}

func TestResultHoldsTheArguments(t *testing.T) {
	t.Parallel()
	s := reading(t, newFake(t, fakeapi.Options{}), nil)
	config := values{
		"organization_ids": []any{"org_1"}, "actor_ids": []any{"user_1"}, "activity_types": []any{"sso_login_failed"}, "lookback": "1h",
		"created_at_lte": "2026-04-10T10:00:00+02:00", "order": "asc", "limit": 10, "max_results": 20, "timeouts": values{"read": "1m"},
	}
	result := s.list(config)
	opened, diags := s.open(listName, config)
	requireNone(t, diags)
	for name, want := range config {
		requireEqual(t, name, result[name], want)
		requireEqual(t, name+" of the ephemeral resource", opened[name], want)
	}
}

// recordIDs are the IDs of n records in an order of the API.
func recordIDs(n int, order string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("a%03d", i)
	}
	if order != "asc" {
		slices.Reverse(all)
	}
	return all
}

func TestNothingMatches(t *testing.T) {
	t.Parallel()
	s := reading(t, newFake(t, fakeapi.Options{}), nil)
	opened, diags := s.open(listName, values{})
	requireNone(t, diags)
	for kind, result := range map[string]values{"data source": s.list(values{}), "ephemeral resource": opened} {
		requireEqual(t, kind+": activities", result["activities"], []any{}) // and not null
		requireEqual(t, kind+": has_more", result["has_more"], false)
		requireEqual(t, kind+": first_id", result["first_id"], nil)
		requireEqual(t, kind+": last_id", result["last_id"], nil)
		requireEqual(t, kind+": window", result["window"], values{"start": nil, "end": nil})
		if id, ok := result["request_id"].(string); !ok || !strings.HasPrefix(id, "req_") {
			t.Errorf("%s: got request_id %v, want one", kind, result["request_id"])
		}
	}
}

func TestNoRequestID(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{})
	fake.Inject(fakeapi.Always, withHeader("request-id", ""))
	requireEqual(t, "request_id", reading(t, fake, nil).list(values{})["request_id"], nil)
}

// Whose feed it is, where the server says so on any page.
func TestKeyOrganizationID(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		when fakeapi.Matcher
		want any
	}{
		"on each page": {fakeapi.Always, "org_1"},
		"on the first": {fakeapi.Page(1), "org_1"},
		"on none":      {fakeapi.From(1000), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(3)...)})
			fake.Inject(test.when, organization("org_1"))
			fake.Inject(fakeapi.Always, organization(""))
			s := reading(t, fake, nil)
			// Each with filters of its own, so that each is a read of its own.
			for object, config := range map[string]values{listName: {"limit": 2}, summaryName: {"lookback": "100000h"}} {
				read, diags := s.read(object, config)
				requireNone(t, diags)
				opened, diags := s.open(object, config)
				requireNone(t, diags)
				requireEqual(t, object+": data source", read["key_organization_id"], test.want)
				requireEqual(t, object+": ephemeral resource", opened["key_organization_id"], test.want)
			}
		})
	}
}

// TestCursors reads a feed in two parts, from either end and back, in pages.
func TestCursors(t *testing.T) {
	t.Parallel()
	const n, cut = 9, 4
	for _, order := range []string{"desc", "asc"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(n)...)})
			s := reading(t, fake, nil)
			all := recordIDs(n, order)
			read := func(config values, more bool, want []string) values {
				maps.Copy(config, values{"order": order, "limit": 3})
				result := s.list(config)
				requireEqual(t, "activities", ids(result), want)
				requireEqual(t, "has_more", result["has_more"], more)
				return result
			}
			head := read(values{"max_results": cut}, true, all[:cut])
			requireEqual(t, "limit of the last request", fake.Requests()[1].Query["limit"], []string{"1"})
			tail := read(values{"after_id": head["last_id"]}, false, all[cut:])
			requireEqual(t, "request_id", tail["request_id"], fake.Requests()[3].RequestID)
			back := read(values{"before_id": tail["first_id"]}, false, all[:cut])
			requireEqual(t, "first_id", back["first_id"], head["first_id"])
			requireEqual(t, "last_id", back["last_id"], head["last_id"])
			read(values{"before_id": tail["first_id"], "max_results": 3}, true, all[1:cut])
			read(values{"max_results": n}, false, all)
		})
	}
}

// What has come since: the first_id of the last run.
func TestWhatHasComeSince(t *testing.T) {
	t.Parallel()
	all := records(9)
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(all[:4]...)})
	s := reading(t, fake, nil)
	before := s.list(values{"limit": 2})
	requireEqual(t, "before", ids(before), recordIDs(4, "desc"))
	fake.Add(all[4:]...)
	since := s.list(values{"limit": 2, "before_id": before["first_id"]})
	requireEqual(t, "since", ids(since), recordIDs(9, "desc")[:5])
	nothing := s.list(values{"limit": 2, "before_id": since["first_id"]})
	requireEqual(t, "after that", ids(nothing), []string{})
}

// 50,000 activities are a list, one more is an error, and max_results lifts the guard.
func TestTooManyActivities(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(50_000)...)})
	s := reading(t, fake, nil)
	requireEqual(t, "activities", countActivities(s, values{}), 50_000)
	requireEqual(t, "requests", len(fake.Requests()), 10)

	fake.Add(`{"id":"b","created_at":"2026-04-10T08:00:00Z","type":"t"}`)
	fake.ResetRequests()
	result, diags := s.read(listName, values{"created_at_gte": "2020-01-01T00:00:00Z", "created_at_lt": "2030-01-01T00:00:00Z"})
	requireError(t, diags, "", "More than 50,000 activities match", "between 2020-01-01T00:00:00Z and 2030-01-01T00:00:00Z", "max_results", "compliance_activity_summary")
	requireEqual(t, "activities after an error", result["activities"], nil)
	if got := len(fake.Requests()); got < 11 || got > 11*6/5+defaultMaxConcurrentRequests {
		t.Errorf("got %d requests, want 11 and a few for a read in parts", got)
	}

	requireEqual(t, "activities with max_results", countActivities(s, values{"max_results": 50_001}), 50_001)
}

// countActivities does not decode the activities, which would take seconds for many.
func countActivities(s *session, config values) int {
	s.t.Helper()
	resp, err := s.server.ReadDataSource(s.t.Context(), &tfprotov6.ReadDataSourceRequest{
		TypeName: listName,
		Config:   s.dynamic(s.schema.DataSourceSchemas[listName].ValueType(), config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	requireNone(s.t, resp.Diagnostics)
	var attributes map[string]msgpack.RawMessage
	if err := msgpack.Unmarshal(resp.State.MsgPack, &attributes); err != nil {
		s.t.Fatal(err)
	}
	count, err := msgpack.NewDecoder(bytes.NewReader(attributes["activities"])).DecodeArrayLen()
	if err != nil {
		s.t.Fatal(err)
	}
	return count
}

func TestResultTooLarge(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(4)...)})
	p := newTestProvider()
	p.maxResultBytes = pageBytes(t, fake, 2)
	s := start(t, p)
	s.configure(withFake(fake, nil))
	requireEqual(t, "activities that just fit", len(ids(s.list(values{"max_results": 2}))), 2)

	result, diags := s.read(listName, values{"limit": 2})
	requireError(t, diags, "", "too large for Terraform", "256 MiB", "page 2", "4 activities", "compliance_activity_summary")
	requireEqual(t, "activities after an error", result["activities"], nil)
	_, diags = s.open(listName, values{"limit": 2})
	requireError(t, diags, "", "too large for Terraform")
}

func TestMaxResultBytesFitsTheProtocol(t *testing.T) {
	t.Parallel()
	requireEqual(t, "limit", newProvider(testVersion).maxResultBytes, maxResultBytes)
	if room := 256<<20 - maxResultBytes; room < 1<<20 {
		t.Errorf("got %d bytes for all but the activities, want 1 MiB at least", room)
	}
}

// A list in parts is the one in one piece: its order, cursors and exceptions, from a good
// server and from one whose times are too coarse to read in parts.
func TestListInParts(t *testing.T) {
	t.Parallel()
	for name, breach := range map[string]fakeapi.Fault{"good": nil, "coarse": fakeapi.CoarseTimes(time.Hour), "inclusive": fakeapi.InclusiveUntil()} {
		for _, order := range []string{"desc", "asc"} {
			t.Run(name+"/"+order, func(t *testing.T) {
				t.Parallel()
				fake := newFake(t, fakeapi.Options{Feed: fakeapi.Generate(fakeapi.Spec{Activities: 1500, Seed: 7})})
				if breach != nil {
					fake.Inject(fakeapi.Always, breach)
				}
				config := values{"order": order, "limit": 100, "created_at_gte": "2026-01-01T00:00:00Z", "created_at_lt": "2026-09-01T00:00:01Z",
					"except": []any{values{"type": []string{"claude_*"}}}}
				want := reading(t, fake, values{"max_concurrent_requests": 1}).list(config)
				inOnePiece := len(fake.Requests())
				fake.ResetRequests()
				got := reading(t, fake, values{"max_concurrent_requests": 8}).list(config)
				for _, attribute := range []string{"activities", "excepted", "first_id", "last_id", "has_more"} {
					requireEqual(t, attribute, got[attribute], want[attribute])
				}
				if requests := len(fake.Requests()); requests <= inOnePiece {
					t.Errorf("got %d requests, want more than the %d of a read in one piece: it was not read in parts", requests, inOnePiece)
				}
			})
		}
	}
}
