package examples_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

const (
	minute = time.Minute
	hour   = time.Hour
	day    = 24 * time.Hour

	// Those of examples/gates/settings.tf, and an address that is in none of its networks.
	office  = "192.0.2.34"
	laptop  = "2001:db8::7"
	mapped  = "::ffff:192.0.2.35"
	outside = "198.51.100.7"
	browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"

	// requestsOfAllGates is what the guide says of a folder that has all of them.
	requestsOfAllGates = 27
)

// user is an actor who has signed in. The e-mail address is made of the ID.
func user(id, address string) string {
	return fmt.Sprintf(`{"type":"user_actor","user_id":%q,"email_address":"%s@example.com","ip_address":%q,"user_agent":%q}`, id, strings.ToLower(id), address, browser)
}

// claims is an actor who has not signed in.
func claims(account, address string) string {
	return fmt.Sprintf(`{"type":"unauthenticated_user_actor","unauthenticated_email_address":%q,"ip_address":%q,"user_agent":%q}`, account, address, browser)
}

// key is the actor of what is done with a key of the Compliance API.
func key(id string) string {
	return fmt.Sprintf(`{"type":"api_actor","api_key_id":%q,"ip_address":"192.0.2.10","user_agent":"curl/8.7.1"}`, id)
}

// nowhere is an activity that belongs to no organization, as sign-ins do.
func nowhere(activity string) string {
	return strings.Replace(activity, `"organization_id":"org_01Example"`, `"organization_id":null`, 1)
}

func signIn(id, kind, actor string, age time.Duration) string {
	return nowhere(activity(id, kind, actor, age, `"mfa_method":"totp"`))
}

// times makes n activities of one.
func times(n int, one func(i int) string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = one(i)
	}
	return all
}

// readHere is a read of the feed with the organization's own key, without which feed_read closes.
func readHere() string {
	return nowhere(activity("read_here", "compliance_api_accessed", key("apikey_01Example"), hour, `"request_method":"GET"`, `"status_code":200`))
}

// workday is the last time that it was this hour, UTC, from Monday to Friday.
func workday(hour int) time.Time {
	now := time.Now().UTC()
	at := time.Date(now.Year(), now.Month(), now.Day(), hour, 0, 0, 0, time.UTC)
	for !at.Before(now.Add(-time.Hour)) || at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		at = at.AddDate(0, 0, -1)
	}
	return at
}

// judgement is a row of the guide's table: which gate judges a topic or a type, or why none does.
type judgement struct {
	gate    string // "" for none
	counted bool   // one activity closes nothing, many do
}

var (
	tableRow    = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (.+) \\|$")
	judgingGate = regexp.MustCompile("`(\\w+)`.*?: (each|counted)")
)

// judgements are the rows of the table, by topic or type.
func judgements(t *testing.T) map[string]judgement {
	t.Helper()
	guide := read(t, "../templates/guides/policies.md.tmpl")
	_, table, found := strings.Cut(guide, "## Which gate judges what")
	table, _, ends := strings.Cut(table, "## What passes a gate")
	if !found || !ends {
		t.Fatal("the guide has no table of topics")
	}
	all := map[string]judgement{}
	for _, row := range tableRow.FindAllStringSubmatch(table, -1) {
		name, text := row[1], row[2]
		gate := judgingGate.FindStringSubmatch(text)
		switch {
		case strings.HasPrefix(text, "none: "):
			all[name] = judgement{}
		case gate == nil:
			t.Errorf("the guide says of %s neither which gate judges it nor why none does: %q", name, text)
		default:
			all[name] = judgement{gate: gate[1], counted: gate[2] == "counted"}
		}
	}
	return all
}

// TestEveryTopicIsJudged compares the guide's table with the topics and the gates.
func TestEveryTopicIsJudged(t *testing.T) {
	t.Parallel()
	judged := judgements(t)
	for _, topic := range activitytype.Topics {
		if _, known := judged[topic.Name]; !known {
			t.Errorf("the guide says of the topic %s neither which gate judges it nor why none does", topic.Name)
		}
	}
	for name := range judged {
		if !slices.Contains(activitytype.TopicNames, name) && activitytype.Of(name).State == activitytype.Unknown {
			t.Errorf("the guide judges %s, which is no topic and no type", name)
		}
	}
	// What passes a gate stands on the page, in a sentence.
	guide := read(t, "../templates/guides/policies.md.tmpl")
	_, passes, _ := strings.Cut(guide, "## What passes a gate")
	for _, file := range find(t, "gates", ".tf") {
		name := strings.TrimSuffix(filepath.Base(file), ".tf")
		if name != "settings" && !strings.Contains(passes, "`"+name+"`") {
			t.Errorf("the guide does not say what passes %s", name)
		}
	}
}

// attacks are what gates have to name, in as many feeds as it takes for a gate to list all.
type attacks struct {
	feeds    [][]string
	expected []map[string]string // of each feed, from the ID in the message to the gate
	perGate  map[string]int
}

// add is about one ID in the message of a gate.
func (a *attacks) add(gate, id string, activities ...string) {
	const inAListing = 20
	if a.perGate == nil {
		a.perGate = map[string]int{}
	}
	n := a.perGate[gate] / inAListing
	a.perGate[gate]++
	if n == len(a.feeds) {
		a.feeds, a.expected = append(a.feeds, []string{readHere()}), append(a.expected, map[string]string{})
	}
	a.feeds[n] = append(a.feeds[n], activities...)
	a.expected[n][id] = gate
}

// plan fails the test where a gate does not name what it has to.
func (a *attacks) plan(t *testing.T, w *enginetest.Workspace) {
	t.Helper()
	for i, feed := range a.feeds {
		messages := closed(planGates(t, w, feed...))
		for id, gate := range a.expected[i] {
			if !strings.Contains(messages[gate], id+" ") {
				t.Errorf("%s does not name %s: %q", gate, id, messages[gate])
			}
		}
	}
}

// TestGatesSeeEveryType sends each known type by itself, done by a stranger. Those of a topic
// that is counted come as often as it takes.
func TestGatesSeeEveryType(t *testing.T) {
	t.Parallel()
	judged := judgements(t)
	var strangers attacks
	count := 0
	for _, kind := range activitytype.Types {
		j, byType := judged[kind.Name]
		if !byType {
			j = judged[kind.Topic]
		}
		if !kind.Classified() || j.gate == "" {
			continue
		}
		count++
		actor := fmt.Sprintf(`{"type":"user_actor","user_id":"user_01Stranger%[1]d","email_address":"s%[1]d@example.net","ip_address":"198.51.100.7","user_agent":"curl/8.7.1"}`, count)
		listing := kind.Topic == "admin_data_viewed"
		n := 1
		switch {
		case listing:
			n = 2 // of two kinds, which make one
		case j.counted:
			n = 30
		}
		all := times(n, func(i int) string {
			name := kind.Name
			if listing && i == 1 {
				name = otherListing(name)
			}
			return activity(fmt.Sprintf("activity_%s_%d", kind.Name, i), name, actor, hour+time.Duration(count+i)*time.Second, plausible(name)...)
		})
		strangers.add(j.gate, "activity_"+kind.Name+"_0", all...)
	}
	if count < 250 {
		t.Fatalf("only %d types are judged by a gate", count)
	}
	strangers.plan(t, gatesFolder(t, find(t, "gates", ".tf")...))
}

// otherListing is a listing of another kind.
func otherListing(name string) string {
	if name == "org_users_listed" {
		return "group_list_viewed"
	}
	return "org_users_listed"
}

// plausible are the fields of a type's own, each with a value that nobody has excused.
func plausible(name string) []string {
	var fields []string
	for _, field := range activitytype.Of(name).Fields {
		value := `"another"`
		switch field {
		case "updates":
			value = `[{"type":"another","previous_value":"a","current_value":"b"}]`
		case "audience":
			value = `[{"type":"anyone_with_link"}]`
		}
		fields = append(fields, fmt.Sprintf("%q:%s", field, value))
	}
	return fields
}

// excuse is a value of a field that a gate lets through in a type. A field in a dot's way has
// %s where the value stands.
type excuse struct {
	gate, kind, field, value string
	shape                    string // of the member, with %s for the value; "" for the plain one
	more                     string // another member that goes with it
	anyCase                  bool   // upper and lower case are the same
}

const update = `"updates":[{"type":%s,"previous_value":"a","current_value":"b"}]`

var excuses = []excuse{
	{gate: "sign_in_settings", kind: "org_sso_toggled", field: "enabled", value: "true"},
	{gate: "sign_in_settings", kind: "org_magic_link_second_factor_toggled", field: "enabled", value: "true"},
	{gate: "sign_in_settings", kind: "org_sso_seat_tier_assignment_toggled", field: "enabled", value: "false"},
	{gate: "sign_in_settings", kind: "claude_pubsec_identity_configured", field: "magic_link_enabled", value: "false", more: `"idp_saml_config_updated":false`},
	{gate: "more_access", kind: "role_assignment_granted", field: "role", value: `"platform:developer"`},
	{gate: "more_access", kind: "design_project_member_added", field: "role", value: `"viewer"`},
	{gate: "more_access", kind: "design_project_member_role_updated", field: "role", value: `"viewer"`},
	{gate: "more_access", kind: "claude_user_role_updated", field: "current_role", value: `"user"`},
	{gate: "more_access", kind: "platform_workspace_member_updated", field: "updates", value: `"workspace_developer"`, shape: `"updates":[{"type":"role","current_value":%s}]`},
	{gate: "more_access", kind: "platform_service_account_workspace_member_updated", field: "updates", value: `"workspace_user"`, shape: `"updates":[{"type":"role","current_value":%s}]`},
	{gate: "more_access", kind: "claude_code_team_memory_acl_updated", field: "action", value: `"removed"`},
	{gate: "more_access", kind: "ccr_role_channel_assignment_updated", field: "channel_count", value: "0"},
	{gate: "more_access", kind: "group_visibility_updated", field: "policies", value: `"none"`, shape: `"policies":[{"audience":%s}]`},
	{gate: "new_secret", kind: "github_token_import", field: "result", value: `"rejected_scopes"`},
	{gate: "secret_changed", kind: "admin_api_key_updated", field: "updates", value: `"name"`, shape: update},
	{gate: "secret_changed", kind: "platform_api_key_updated", field: "updates", value: `"name"`, shape: update},
	{gate: "secret_changed", kind: "platform_federation_issuer_updated", field: "updates", value: `"name"`, shape: update},
	{gate: "secret_changed", kind: "platform_federation_rule_updated", field: "updates", value: `"description"`, shape: update},
	{gate: "secret_changed", kind: "platform_oauth_app_updated", field: "updates", value: `"name"`, shape: update},
	{gate: "secret_changed", kind: "platform_service_account_updated", field: "updates", value: `"description"`, shape: update},
	{gate: "secret_changed", kind: "scoped_api_key_updated", field: "updates", value: `"name"`, shape: update},
	{gate: "secret_changed", kind: "ccr_agent_proxy_credential_updated", field: "updated_fields", value: `"display_name"`, shape: `"updated_fields":[%s]`},
	{gate: "members", kind: "org_user_invite_sent", field: "invited_email", value: `"jo@example.com"`, more: `"invited_role":"user"`, anyCase: true},
	{gate: "members", kind: "org_user_invite_re_sent", field: "invited_role", value: `"user"`, more: `"invited_email":"Jo@EXAMPLE.com"`},
	{gate: "members", kind: "end_user_invite_requested", field: "invitee_email", value: `"jo@example.com"`, anyCase: true},
	{gate: "shared", kind: "claude_artifact_sharing_updated", field: "audience", value: `"users"`, shape: `"audience":[{"type":"organization"},{"type":%s}]`},
	{gate: "shared", kind: "claude_project_sharing_updated", field: "audience", value: `"organization"`, shape: `"audience":[{"type":%s}]`},
	{gate: "shared", kind: "claude_artifact_invite_accepted", field: "invitee_email", value: `"jo@example.com"`, anyCase: true},
	{gate: "shared", kind: "pending_share_created", field: "invitee_email", value: `"jo@example.com"`, anyCase: true},
	{gate: "shared", kind: "claude_artifact_published", field: "is_redeploy", value: "true"},
	{gate: "shared", kind: "claude_code_security_scan_project_visibility_updated", field: "action", value: `"unshared"`},
	{gate: "shared", kind: "design_project_artifact_published", field: "is_public", value: "false"},
	{gate: "shared", kind: "design_project_sharing_updated", field: "new_scope", value: `"org"`},
	{gate: "data_export", kind: "claude_file_exported", field: "export_destination", value: `"google_drive"`},
	{gate: "data_protection", kind: "org_connector_domain_guard_updated", field: "enforced", value: "true"},
	{gate: "data_protection", kind: "org_external_key_updated", field: "updates", value: `"display_name"`, shape: update},
	{gate: "data_protection", kind: "org_external_key_validated", field: "validation_result", value: `"success"`},
	{gate: "data_protection", kind: "org_security_control_attestation_updated", field: "action", value: `"renewed"`, more: `"status":"completed"`},
	{gate: "data_protection", kind: "platform_workspace_updated", field: "updates", value: `"name"`, shape: update},
	{gate: "data_protection", kind: "claude_organization_settings_updated", field: "updates", value: `"organization_banner_settings"`, shape: update},
	{gate: "data_protection", kind: "claude_code_review_config_updated", field: "enabled", value: "false"},
	{gate: "data_protection", kind: "claude_code_security_center_config_updated", field: "enabled", value: "true"},
	{gate: "data_protection", kind: "org_analytics_api_capability_updated", field: "current_value", value: "false"},
	{gate: "data_protection", kind: "org_model_default_updated", field: "action", value: `"cleared"`},
	{gate: "agent_permission", kind: "cli_plugin_exec_policy_updated", field: "max_permission", value: `"ask"`},
	{gate: "agent_permission", kind: "mcp_tool_policy_updated", field: "max_permission", value: `"blocked"`},
	{gate: "agent_permission", kind: "ccr_agent_proxy_destination_deleted", field: "deleted_with_profile", value: "true"},
	{gate: "agent_permission", kind: "ccr_agent_proxy_rule_deleted", field: "deleted_with_profile", value: "true"},
	{gate: "agent_permission", kind: "ccr_agent_proxy_profile_updated", field: "updated_fields", value: `"display_name"`, shape: `"updated_fields":[%s]`},
	{gate: "agent_permission", kind: "ccr_agent_updated", field: "updated_fields", value: `"display_name"`, shape: `"updated_fields":[%s]`},
	{gate: "integration_connected", kind: "admin_connector_request_resolved", field: "decision", value: `"dismissed"`},
	{gate: "integration_connected", kind: "claude_chat_sync_source_updated", field: "config_changed", value: "false"},
	{gate: "integration_connected", kind: "claude_project_sync_source_updated", field: "config_changed", value: "false"},
	{gate: "integration_connected", kind: "claude_code_review_repository_updated", field: "status", value: `"INACTIVE"`},
	{gate: "integration_connected", kind: "claude_code_user_marketplaces_updated", field: "keys_written_count", value: "0"},
	{gate: "integration_connected", kind: "claude_code_user_plugins_updated", field: "new_value", value: "false"},
	{gate: "organization", kind: "org_join_proposal_decided", field: "approved", value: "false"},
	{gate: "logging_off", kind: "org_compliance_api_settings_updated", field: "compliance_api_logging_enabled", value: "true", more: `"compliance_api_enabled":true`},
	{gate: "logging_off", kind: "org_compliance_api_settings_updated", field: "compliance_api_enabled", value: "true", more: `"compliance_api_logging_enabled":true`},
	{gate: "spend_limit", kind: "platform_spend_limit_updated", field: "ignore", value: "false"},
}

// member is the field with a value, as JSON.
func (e excuse) member(value string) string {
	shape := e.shape
	if shape == "" {
		shape = fmt.Sprintf("%q:%%s", e.field)
	}
	return fmt.Sprintf(shape, value)
}

// doubts are what the gate must not let through: the value null, in another case, of another
// type, and no such field.
func (e excuse) doubts() map[string]string {
	all := map[string]string{
		"missing": `"unrelated":1`,
		"null":    e.member("null"),
		"object":  e.member(`{"value":` + e.value + `}`),
	}
	text := strings.Trim(e.value, `"`)
	if other := swapCase(text); !e.anyCase && other != text {
		all["case"] = e.member(`"` + other + `"`)
	}
	if e.shape != "" {
		all["empty"] = fmt.Sprintf("%q:[]", e.field)
	}
	return all
}

func swapCase(text string) string {
	if upper := strings.ToUpper(text); upper != text {
		return upper
	}
	return strings.ToLower(text)
}

// TestGatesExcuse sends what each exception is for, which must pass, and then the same with the
// field missing, null, and in another case, which must not.
func TestGatesExcuse(t *testing.T) {
	t.Parallel()
	harmless := []string{readHere()}
	var doubtful attacks
	for i, e := range excuses {
		with := func(id, member string) string {
			actor := user("user_01"+id, office) // of its own: some gates show groups
			fields := []string{member}
			if e.more != "" {
				fields = append(fields, e.more)
			}
			return activity(id, e.kind, actor, hour+time.Duration(i)*time.Second, fields...)
		}
		harmless = append(harmless, with(fmt.Sprintf("excuse_%d", i), e.member(e.value)))
		for name, member := range e.doubts() {
			id := fmt.Sprintf("doubt_%d_%s", i, name)
			doubtful.add(e.gate, id, with(id, member))
		}
	}
	// By the actor or the type alone.
	harmless = append(harmless, activity("export_completed", "org_data_export_completed", `{"type":"anthropic_actor","email_address":null}`, hour))
	for i, kind := range []string{"scim_user_created", "scim_user_deleted", "scim_user_updated", "group_member_added", "group_member_addition_failed", "group_created", "group_updated"} {
		harmless = append(harmless, activity(fmt.Sprintf("synced_%d", i), kind, directory, hour))
	}
	judged := judgements(t)
	for kind, j := range judged {
		if !slices.Contains(activitytype.TopicNames, kind) && j.gate == "" {
			harmless = append(harmless, activity("excused_"+kind, kind, `{"type":"anthropic_actor","email_address":null}`, hour))
		}
	}
	// Every type that a gate names in an exception is here.
	named := regexp.MustCompile(`"([a-z]+(?:_[a-z]+)+)"`)
	exceptions := regexp.MustCompile(`(?s)  except\s+= \[.*?\n(?:  \]|  reviewed)`)
	for _, file := range find(t, "gates", ".tf") {
		for _, text := range exceptions.FindAllString(read(t, file), -1) {
			for _, name := range named.FindAllStringSubmatch(text, -1) {
				kind := name[1]
				if _, byType := judged[kind]; activitytype.Of(kind).State == activitytype.Unknown || byType || activitytype.Of(kind).Topic == "sign_in" {
					continue // the last are in a scenario
				}
				if !strings.Contains(strings.Join(harmless, "\n"), fmt.Sprintf(`"type":%q`, kind)) {
					t.Errorf("%s excuses %s, which no test sends", file, kind)
				}
			}
		}
	}
	w := gatesFolder(t, find(t, "gates", ".tf")...)
	stayOpen(t, planGates(t, w, harmless...))
	doubtful.plan(t, w)
}

// stayOpen fails the test if a gate has closed, or the plan failed.
func stayOpen(t *testing.T, result enginetest.Result) {
	t.Helper()
	for gate, message := range closed(result) {
		t.Errorf("%s closes on what is harmless: %s", gate, message)
	}
	require(t, result, 0)
}

// scenario is what happens to a gate that counts or compares.
type scenario struct {
	harmless []string                         // comes close
	bad      func(ago time.Duration) []string // the same later or earlier; the last of it is so long ago
	says     []string                         // in the message, then
}

// scenarios are those of the gates that count or compare. Their activities do not close one
// another, so that one plan can try all.
func scenarios() map[string]scenario {
	admin, stranger := user("user_01Robin", office), user("user_01Stranger", outside)
	series := func(n int, step time.Duration, ago time.Duration, one func(i int, age time.Duration) string) []string {
		return times(n, func(i int) string { return one(i, ago+time.Duration(i)*step) })
	}
	toggled := func(id string, on bool, age time.Duration) string {
		return activity(id, "org_magic_link_second_factor_toggled", admin, age, fmt.Sprintf(`"enabled":%v`, on))
	}
	failed := func(id, account, address string, age time.Duration) string {
		return nowhere(activity(id, "sso_login_failed", claims(account, address), age))
	}
	return map[string]scenario{
		"sign_in_elsewhere": {
			harmless: []string{
				signIn("in_office", "magic_link_login_succeeded", user("user_01Office", office), hour),
				signIn("in_laptop", "sso_login_succeeded", user("user_01Laptop", laptop), hour),
				signIn("in_mapped", "social_login_succeeded", user("user_01Mapped", mapped), hour),
				signIn("in_app", "sso_login_succeeded", strings.Replace(user("user_01App", office), browser, "Claude/1.3883.0", 1), hour),
			},
			bad: func(ago time.Duration) []string {
				return []string{
					signIn("in_outside", "sso_login_succeeded", user("user_01Out", outside), ago),
					signIn("in_curl", "sso_login_succeeded", strings.Replace(user("user_01Curl", office), browser, "curl/8.7.1", 1), ago),
					signIn("in_pretender", "sso_login_succeeded", strings.Replace(user("user_01Pretender", office), browser, "Mozilla/5.0", 1), ago),
					nowhere(activity("in_one_factor", "magic_link_login_succeeded", user("user_01Factor", office), ago, `"mfa_method":"not_used"`)),
					signIn("in_migration", "sso_login_succeeded", user("user_01Migration", "0.0.0.0"), ago),
				}
			},
			says: []string{"in_outside by user_01Out", "in_curl by", "in_pretender by", "in_one_factor by", "in_migration by"},
		},
		"new_sign_in_method": {
			harmless: []string{
				signIn("link_before", "magic_link_login_succeeded", user("user_01Kim", office), 28*day),
				signIn("link_again", "magic_link_login_succeeded", user("user_01Kim", office), 20*minute),
				signIn("newcomer", "sso_login_succeeded", user("user_01New", office), 20*minute),
				signIn("near_1", "sso_login_succeeded", user("user_01Near", office), hour),
				signIn("near_2", "sso_login_succeeded", user("user_01Near", laptop), 2*hour),
				signIn("near_3", "sso_login_succeeded", user("user_01Near", mapped), 8*hour),
			},
			bad: func(ago time.Duration) []string {
				return []string{
					signIn("sso_before", "sso_login_succeeded", user("user_01Lee", office), ago+5*day),
					signIn("social_first", "social_login_succeeded", user("user_01Lee", office), ago),
					signIn("travel_1", "sso_login_succeeded", user("user_01Far", office), ago),
					signIn("travel_2", "sso_login_succeeded", user("user_01Far", laptop), ago+2*hour),
					signIn("travel_3", "sso_login_succeeded", user("user_01Far", mapped), ago+6*hour-minute),
				}
			},
			says: []string{"social_first", "user_01Far", "travel_1"},
		},
		"guessed_sign_in": {
			harmless: slices.Concat(
				series(4, minute, 21*minute, func(i int, age time.Duration) string {
					return failed(fmt.Sprintf("slip_%d", i), "user_01office@example.com", outside, age)
				}),
			),
			bad: func(ago time.Duration) []string {
				return append(series(5, 11*minute, ago+minute, func(i int, age time.Duration) string {
					return failed(fmt.Sprintf("guess_%d", i), "User_01Lee@example.com", fmt.Sprintf("203.0.113.%d", i), age)
				}), signIn("guess_right", "sso_login_succeeded", user("user_01Lee", office), ago))
			},
			says: []string{"and succeeded, within an hour"},
		},
		"failures_from_address": {
			harmless: series(4, minute, hour, func(i int, age time.Duration) string {
				return failed(fmt.Sprintf("few_%d", i), fmt.Sprintf("few%d@example.com", i), "203.0.113.4", age)
			}),
			bad: func(ago time.Duration) []string {
				return series(5, 14*minute, ago, func(i int, age time.Duration) string { // one machine, with IPv6
					return failed(fmt.Sprintf("many_%d", i), fmt.Sprintf("many%d@example.com", i), fmt.Sprintf("2001:db8:1:1::%d", i), age)
				})
			},
			says: []string{"many_0"},
		},
		"mass_deletion": {
			harmless: series(29, minute, hour, func(i int, age time.Duration) string {
				return activity(fmt.Sprintf("deleted_few_%d", i), "claude_chat_deleted", admin, age)
			}),
			bad: func(ago time.Duration) []string {
				return append(series(30, 49*minute, ago, func(i int, age time.Duration) string {
					kind := []string{"claude_chat_deleted", "claude_file_deleted", "platform_file_deleted"}[i%3]
					return activity(fmt.Sprintf("deleted_%d", i), kind, `{"type":"federated_identity_actor","issuer":"https://idp.example","subject":"repo:example/app"}`, age)
				}), activity("deleted_bulk", "claude_project_file_bulk_deletion_audit_truncated", admin, ago))
			},
			says: []string{"federated_identity_actor", "deleted_0", "deleted_bulk"},
		},
		"enumeration": {
			harmless: append(series(16, 20*time.Second, hour, func(i int, age time.Duration) string {
				return activity(fmt.Sprintf("refused_few_%d", i), "claude_chat_access_failed", user("user_01Clumsy", office), age)
			}), activity("looked_1", "org_users_listed", admin, hour), activity("looked_2", "org_users_listed", admin, hour+minute),
				activity("looked_3", "group_list_viewed", admin, hour+12*minute)),
			bad: func(ago time.Duration) []string {
				return append(series(20, 29*time.Second, ago, func(i int, age time.Duration) string {
					return activity(fmt.Sprintf("refused_%d", i), "claude_chat_access_failed", key("apikey_01Door"), age)
				}), activity("forged", "ghe_webhook_signature_invalid", `{"type":"system_actor","service":"ghe"}`, ago),
					activity("listed_1", "org_users_listed", stranger, ago+9*minute), activity("listed_2", "org_members_exported", stranger, ago))
			},
			says: []string{"of two kinds", "newest listed_2", "refused_0", "apikey_01Door", "wrong signature", "forged"},
		},
		"busy_actor": {
			harmless: slices.Concat(
				series(19, minute, hour, func(i int, age time.Duration) string {
					return activity(fmt.Sprintf("chat_few_%d", i), "claude_chat_created", admin, age)
				}),
				series(70, minute, hour, func(i int, age time.Duration) string {
					return activity(fmt.Sprintf("upload_few_%d", i), "claude_file_uploaded", admin, age)
				}),
			),
			bad: func(ago time.Duration) []string {
				return series(20, 75*minute, ago, func(i int, age time.Duration) string {
					return activity(fmt.Sprintf("chat_%d", i), "claude_chat_created", user("user_01Busy", office), age)
				})
			},
			says: []string{"user_01Busy", "chat_0"},
		},
		"data_export": {
			harmless: []string{
				activity("export_89_days_ago", "org_data_export_started", admin, 89*day),
				activity("export_again", "org_data_export_started", admin, hour),
				activity("export_done", "org_data_export_completed", `{"type":"anthropic_actor","email_address":null}`, hour),
			},
			bad: func(ago time.Duration) []string {
				return []string{
					activity("export_before", "org_members_exported", admin, ago+20*day), // another kind
					activity("export_first", "audit_log_export_accessed", admin, ago),
				}
			},
			says: []string{"new in 90 days", "export_first"},
		},
		"new_secret": {
			harmless: []string{
				activityAt("key_morning", "admin_api_key_created", admin, workday(9), `"scopes":["api:admin"]`),
				activityAt("key_last_minute", "platform_api_key_created", admin, workday(16).Add(59*minute+59*time.Second)),
			},
			bad: func(ago time.Duration) []string {
				return []string{
					// In the afternoon where it was sent from, and at half past two at night in UTC.
					strings.Replace(activityAt("key_night", "platform_api_key_created", admin, workday(2).Add(30*minute)), "T02:30:00Z", "T10:30:00+08:00", 1),
					activity("key_stranger", "tunnel_token_minted", stranger, ago),
				}
			},
			says: []string{"key_night", "outside working hours", "key_stranger", "user_01Stranger"},
		},
		"logging_off_then_export": {
			harmless: []string{
				activity("logging_on", "org_compliance_api_settings_updated", admin, 2*hour, `"compliance_api_enabled":true`, `"compliance_api_logging_enabled":true`),
			},
			bad: func(ago time.Duration) []string {
				return []string{
					activity("logging_off", "org_compliance_api_settings_updated", admin, ago+23*hour, `"compliance_api_enabled":true`, `"compliance_api_logging_enabled":false`),
					activity("export_unseen", "org_data_export_accessed", stranger, ago),
				}
			},
			says: []string{"within a day a secret was made"},
		},
		"second_factor_off_then_sign_in": {
			harmless: []string{toggled("factor_on", true, hour)},
			bad: func(ago time.Duration) []string {
				return []string{
					toggled("factor_off", false, ago+4*hour-minute),
					signIn("factor_link", "magic_link_login_succeeded", user("user_01Jo", office), ago),
				}
			},
			says: []string{"signed in by magic link within four hours"},
		},
		"second_factor_still_off": {
			harmless: []string{
				toggled("factor_off_long_ago", false, 13*hour), toggled("factor_on_late", true, hour),
			},
			bad: func(time.Duration) []string { // in an organization of its own
				return []string{strings.Replace(toggled("factor_off_for_long", false, 40*day), "org_01Example", "org_01Second", 1)}
			},
			says: []string{"has been for twelve hours"},
		},
		"feed_read": {
			harmless: []string{readHere()},
			bad: func(ago time.Duration) []string {
				return append(series(34, time.Second, ago, func(i int, age time.Duration) string { // also if an hour ends between them
					return nowhere(activity(fmt.Sprintf("read_often_%d", i), "compliance_api_accessed", key("apikey_01Example"), age, `"status_code":200`))
				}), nowhere(activity("read_stranger", "compliance_api_accessed", key("apikey_01Stranger"), ago, `"status_code":200`)))
			},
			says: []string{"read_stranger", "much more than usual", "read_often_0"},
		},
		"new_mcp_server": {
			harmless: []string{
				activity("mcp_before", "mcp_server_created", admin, 13*day, `"mcp_server_name":"Snowflake"`),
				activity("mcp_again", "mcp_server_created", admin, hour, `"mcp_server_name":"Snowflake"`),
			},
			bad: func(ago time.Duration) []string {
				return []string{
					activity("mcp_old", "mcp_server_created", admin, ago+16*day, `"mcp_server_name":"Jira"`),
					activity("mcp_new", "mcp_server_created", admin, ago, `"mcp_server_name":"Jira"`),
				}
			},
			says: []string{"mcp_new"},
		},
		"new_project_role": {
			harmless: []string{
				activity("project_before", "role_assignment_granted", admin, 13*day, `"role":"chat_project:editor"`, `"resource_id":"claude_proj_01A"`),
				activity("project_again", "role_assignment_granted", admin, hour, `"role":"chat_project:editor"`, `"resource_id":"claude_proj_01A"`),
				activity("project_viewer", "role_assignment_granted", admin, hour, `"role":"chat_project:viewer"`, `"resource_id":"claude_proj_01B"`),
			},
			bad: func(ago time.Duration) []string {
				return []string{
					activity("project_viewed", "role_assignment_granted", admin, ago+day, `"role":"chat_project:viewer"`, `"resource_id":"claude_proj_01C"`),
					activity("project_null", "role_assignment_granted", admin, ago, `"role":"chat_project:owner"`, `"resource_id":null`, `"resource_type":null`),
					activity("project_owner", "role_assignment_granted", admin, ago, `"role":"chat_project:owner"`, `"resource_id":"claude_proj_01C"`),
				}
			},
			says: []string{"project_owner", "project_null"},
		},
	}
}

// scenariosHere are those of the gates that this engine can have.
func scenariosHere(t *testing.T) map[string]scenario {
	t.Helper()
	needs(t, enginetest.DataSources)
	all := scenarios()
	if enginetest.Older(t, enginetest.EphemeralResources) {
		delete(all, ephemeralGate)
	}
	return all
}

// private is what the feeds of the scenarios have of people, clients and names. The networks
// and clients that the gates themselves name look otherwise.
var private = regexp.MustCompile(`(?i)\w@example|192\.0\.2\.[1-9]|198\.51\.100|203\.0\.113|2001:db8:(:7|1)|Safari/5|curl/|Claude/1|repo:|Snowflake|Jira`)

// TestGatesThatCount plans all gates with what each that counts or compares is about, with what
// comes close, and with an empty feed. Nothing personal may be printed or kept.
func TestGatesThatCount(t *testing.T) {
	t.Parallel()
	all := scenariosHere(t)
	var harmless, bad []string
	// Those that close on each activity of a topic say nothing here.
	files := []string{"gates/settings.tf"}
	for name, scenario := range all {
		harmless, bad = append(harmless, scenario.harmless...), append(bad, scenario.bad(20*minute)...)
		files = append(files, fileOfGate(name))
	}
	w := gatesFolder(t, files...)

	for gate, message := range closed(planGates(t, w)) {
		if gate != "feed_read" { // silence is what this one is about
			t.Errorf("%s with an empty feed: %s", gate, message)
		}
	}

	attacked := planGates(t, w, bad...)
	require(t, attacked, 1)
	messages := closed(attacked)
	for name, scenario := range all {
		for _, text := range scenario.says {
			if !strings.Contains(messages[name], text) {
				t.Errorf("%s: want %q in %q", name, text, messages[name])
			}
		}
	}

	open := planGates(t, w, harmless...)
	stayOpen(t, open)
	if found := private.FindAllString(attacked.Output()+open.Output()+w.Must("show", "-json", "gates.tfplan"), -1); found != nil {
		t.Errorf("a plan says %q", found)
	}
}

// TestGatesAtEveryOffset moves what a gate compares through the time between two plans, and
// demands that one of two that follow each other closes. The second is the same feed a day older.
func TestGatesAtEveryOffset(t *testing.T) {
	t.Parallel()
	all := scenariosHere(t)
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(name string) bool {
		return name == "second_factor_still_off" || name == "new_secret" // have no time of their own, or the hours of a week
	})
	files := []string{"gates/settings.tf"}
	for _, name := range names {
		files = append(files, fileOfGate(name))
	}
	w := gatesFolder(t, files...)
	at := func(ago time.Duration) map[string]string {
		var feed []string
		for _, name := range names {
			feed = append(feed, all[name].bad(ago)...)
		}
		return closed(planGates(t, w, feed...))
	}
	for offset := 2 * minute; offset < day; offset += 4*hour + 17*minute {
		first, second := at(offset), at(offset+day)
		for _, name := range names {
			for _, text := range all[name].says {
				if !strings.Contains(first[name], text) && !strings.Contains(second[name], text) {
					t.Errorf("%s misses %q, %v before the first of two plans: %q, %q", name, text, offset, first[name], second[name])
				}
			}
		}
	}
}

// TestAllGatesInOneFolder counts the requests, and plans with the key of another organization,
// which closes all.
func TestAllGatesInOneFolder(t *testing.T) {
	t.Parallel()
	files := slices.DeleteFunc(find(t, "gates", ".tf"), func(file string) bool { return strings.Contains(filepath.ToSlash(file), "/instead/") })
	w := gatesFolder(t, files...)
	feed := gateFeed(t, "org_01Example", readHere())
	w.Setenv("ANTHROPIC_COMPLIANCE_BASE_URL", feed.URL)
	require(t, w.Plan(), 0)
	if enginetest.Older(t, enginetest.EphemeralResources) {
		return
	}
	if sent := len(feed.Requests()); sent != requestsOfAllGates {
		t.Errorf("all gates send %d requests; the guide says %d", sent, requestsOfAllGates)
	}
	if guide := read(t, "../templates/guides/policies.md.tmpl"); !strings.Contains(guide, fmt.Sprintf("read the feed %d times", requestsOfAllGates)) {
		t.Error("the guide says another number of requests")
	}
	feed = gateFeed(t, "org_01Other", readHere())
	w.Setenv("ANTHROPIC_COMPLIANCE_BASE_URL", feed.URL)
	result := w.Plan()
	require(t, result, 1, "org_01Other", "org_01Example")
	messages := closed(result)
	for _, file := range files {
		if name := strings.TrimSuffix(filepath.Base(file), ".tf"); name != "settings" && messages[name] == "" {
			t.Errorf("%s is open with the key of another organization", name)
		}
	}
}

// ephemeralGate is the only one that an engine without ephemeral resources cannot have.
const ephemeralGate = "second_factor_still_off"

func fileOfGate(name string) string {
	if _, err := os.Stat("gates/" + name + ".tf"); err != nil {
		return "gates/instead/" + name + ".tf"
	}
	return "gates/" + name + ".tf"
}

// gatesFolder is a folder with these gates.
func gatesFolder(t *testing.T, files ...string) *enginetest.Workspace {
	t.Helper()
	needs(t, enginetest.DataSources)
	if enginetest.Older(t, enginetest.EphemeralResources) {
		files = slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "/"+ephemeralGate+".tf") })
	}
	return workspace(t, gateFeed(t, "org_01Example"), files...)
}

// planGates plans with this feed, and saves the plan if it succeeds.
func planGates(t *testing.T, w *enginetest.Workspace, activities ...string) enginetest.Result {
	t.Helper()
	feed := gateFeed(t, "org_01Example", activities...)
	w.Setenv("ANTHROPIC_COMPLIANCE_BASE_URL", feed.URL)
	result := w.Plan("-out=gates.tfplan")
	feed.Close()
	return result
}

func gateFeed(t *testing.T, organization string, activities ...string) *fakeapi.Server {
	t.Helper()
	return start(t, fakeapi.Options{
		Feed:         fakeapi.NewFeed(activities...),
		Organization: organization,
		SkipReadLog:  true, // a read of one gate must not close another
	})
}

// Errors and warnings of an engine, and the file that one is about.
var (
	diagnosticStart = regexp.MustCompile(`(?m)^(?:[│╷╵]\s*)*(?:Error|Warning): `)
	diagnosticFile  = regexp.MustCompile(`on (\w+)\.tf line \d+`)
)

// closed are the gates that a plan says have closed, with what it says of each.
func closed(result enginetest.Result) map[string]string {
	gates := map[string]string{}
	output := result.Output()
	starts := append(diagnosticStart.FindAllStringIndex(output, -1), []int{len(output)})
	for i := range len(starts) - 1 {
		text := output[starts[i][0]:starts[i+1][0]]
		if match := diagnosticFile.FindStringSubmatch(text); match != nil && match[1] != "settings" {
			gates[match[1]] += unwrapped(strings.ReplaceAll(text, "│", " "))
		}
	}
	return gates
}

// TestGatesNameTheFinding has a gate with groups that its condition lets pass, all of them
// larger than the finding: its message is about the finding alone.
func TestGatesNameTheFinding(t *testing.T) {
	t.Parallel()
	for _, file := range find(t, "gates", ".tf") {
		for _, condition := range regexp.MustCompile(`(?s)condition += (.*?)error_message += "(.*?)\n  +\}`).FindAllStringSubmatch(read(t, file), -1) {
			if strings.Contains(condition[1], "for g in ") && strings.Contains(condition[2], "listing}") {
				t.Errorf("%s judges each group, and its message lists all", file)
			}
			if strings.Contains(condition[2], "${g.keys.actor}") {
				t.Errorf("%s shows an actor as it is, and an outside client names itself: jsonencode", file)
			}
		}
	}
	account := func(name string) string {
		return strings.Replace(user("user_01"+name, office), "@", name+"@", 1)
	}
	var activities []string
	for n := range 25 {
		name := fmt.Sprintf("Colleague%d", n)
		for i := range 10 {
			activities = append(activities, activity(fmt.Sprintf("activity_01%s_%d", name, i), "sso_login_succeeded", account(name), time.Hour))
		}
	}
	for i := range 5 {
		activities = append(activities, activity(fmt.Sprintf("activity_01Guess_%d", i), "sso_login_failed", account("Victim"), time.Hour))
	}
	activities = append(activities, activity("activity_01In", "sso_login_succeeded", account("Victim"), 50*time.Minute))
	w := gatesFolder(t, "gates/settings.tf", "gates/guessed_sign_in.tf")
	result := planGates(t, w, activities...)
	require(t, result, 1, "  6, newest activity_01In at ")
	forbid(t, result.Output(), "Colleague")
}

// TestGatesStandAlone looks for what a gate takes from another file than settings.tf: each can
// be copied alone. That several go into one folder is seen where all do.
func TestGatesStandAlone(t *testing.T) {
	t.Parallel()
	uses := regexp.MustCompile(`\b((?:data|ephemeral)\.\w+|local|var)\.(\w+)`)
	about := regexp.MustCompile(`\A(?:# .*\n){2,4}[^#]`)
	scheduled := regexp.MustCompile(`\bPlan it (daily|at least monthly|at any time)\.`)
	settings := read(t, "gates/settings.tf")
	for _, file := range find(t, "gates", ".tf") {
		text := read(t, file)
		for _, use := range uses.FindAllStringSubmatch(text, -1) {
			defined := `(?m)^ *` + strings.Replace(use[1], ".", ` "`, 1) + `" "` + use[2] + `" \{`
			switch use[1] {
			case "var":
				defined = `(?m)^variable "` + use[2] + `" \{`
			case "local":
				defined = `(?ms)^locals \{.*^  ` + use[2] + ` += `
			}
			if !regexp.MustCompile(defined).MatchString(text + settings) {
				t.Errorf("%s uses %s, which it does not have", file, use[0])
			}
		}
		if filepath.Base(file) == "settings.tf" {
			continue
		}
		if !about.MatchString(text) || !scheduled.MatchString(unwrapped(strings.ReplaceAll(text, "\n#", ""))) {
			t.Errorf("%s does not say in two to four lines what it asks and how often to plan it", file)
		}
		if !strings.Contains(text, "var.reviewed") {
			t.Errorf("%s cannot be opened with reviewed", file)
		}
	}
}
