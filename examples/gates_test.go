package examples_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/engines"
	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// A gate of examples/gates, and what happens to it.
type gate struct {
	harmless []string // activities that come close, and that it must let through
	bad      []string // activities that must close it
	says     []string // in the message, then
}

// office is in the networks that the gates let through, and so are laptop and mapped.
const (
	office  = "192.0.2.34"
	laptop  = "2001:db8::7"
	mapped  = "::ffff:192.0.2.35"
	outside = "198.51.100.7"
	browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"
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

// times makes n activities of one; %d in it is the number.
func times(n int, one func(i int) string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = one(i)
	}
	return all
}

// catalogue is what each gate is tried with, in groups of gates whose activities do not
// close one another, so that one plan can try a whole group.
func catalogue(now time.Time) map[string]map[string]gate {
	const minute, hour, day = time.Minute, time.Hour, 24 * time.Hour
	var (
		admin     = user("user_01Robin", office)
		intruder  = user("user_01Stranger", outside)
		anthropic = `{"type":"anthropic_actor","email_address":null}`
		service   = `{"type":"service_account_actor","service_account_id":"svac_01Example","ip_address":"192.0.2.11","user_agent":"python-httpx/0.28"}`
	)
	workday := func(hour int) time.Time {
		return last(hour, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday)
	}
	// Minutes of an hour that is over.
	inHour := func(ago time.Duration, minutes int) time.Time {
		return now.Truncate(hour).Add(-ago + time.Duration(minutes)*minute)
	}
	signIn := func(id, kind, actor string, age time.Duration) string {
		return nowhere(activity(id, kind, actor, age, `"auth_method":"sso"`))
	}
	updates := func(text string) string { return `"updates":[` + text + `]` }
	audience := func(types ...string) string {
		for i := range types {
			types[i] = fmt.Sprintf(`{"type":%q}`, types[i])
		}
		return `"audience":[` + strings.Join(types, ",") + "]"
	}

	facts := map[string]gate{
		"primary_owner_transferred": {
			harmless: []string{activity("owner_old", "primary_owner_transferred", admin, 30*day+hour, `"new_owner_id":"user_01Kim"`)},
			bad:      []string{activity("owner_new", "primary_owner_transferred", admin, 29*day, `"new_owner_id":"user_01Kim"`)},
			says:     []string{"The primary owner changed", "primary_owner_transferred owner_new by user_01Robin"},
		},
		"sso_off": {
			harmless: []string{
				activity("sso_on", "org_sso_toggled", admin, hour, `"enabled":true`),
				activity("sso_on_too", "org_sso_toggled", admin, hour, `"is_enabled":true`),
				activity("sso_factor_on", "org_magic_link_second_factor_toggled", admin, hour, `"enabled":true`),
				activity("sso_old", "org_sso_toggled", admin, day+hour, `"enabled":false`),
			},
			bad: []string{
				activity("sso_off", "org_sso_toggled", admin, hour, `"enabled":false`),
				activity("sso_null", "org_sso_toggled", admin, hour, `"enabled":null`),
				activity("sso_silent", "org_sso_toggled", admin, hour),
				activity("sso_factor_off", "org_magic_link_second_factor_toggled", anthropic, hour, `"enabled":false`),
				activity("sso_gone", "org_sso_connection_deleted", "null", hour, `"connection_id":"conn_01"`),
				activity("sso_directory", "org_directory_sync_deleted", directory, hour),
			},
			says: []string{"sso_off by user_01Robin", "sso_null by", "sso_silent by", "sso_factor_off by anthropic_actor", "sso_gone by unknown", "sso_directory by directory_01Example"},
		},
		"compliance_api_off": {
			harmless: []string{activity("api_on", "org_compliance_api_settings_updated", admin, hour, `"compliance_api_enabled":true`, `"compliance_api_logging_enabled":true`)},
			bad: []string{
				activity("api_mute", "org_compliance_api_settings_updated", admin, hour, `"compliance_api_enabled":true`, `"compliance_api_logging_enabled":false`),
				activity("api_half", "org_compliance_api_settings_updated", admin, hour, `"compliance_api_enabled":true`),
			},
			says: []string{"api_mute by user_01Robin", "api_half by"},
		},
		"ip_restriction_removed": {
			harmless: []string{activity("net_new", "org_ip_restriction_created", admin, hour)},
			bad:      []string{activity("net_gone", "org_ip_restriction_deleted", admin, hour)},
			says:     []string{"net_gone by user_01Robin"},
		},
		"new_key": {
			harmless: []string{
				activityAt("key_robin", "admin_api_key_created", admin, workday(9), `"admin_api_key_id":"admin_api_key_01A"`, `"scopes":["api:admin"]`),
				activityAt("key_last_minute", "platform_api_key_created", admin, workday(16).Add(59*minute+59*time.Second), `"api_key_id":"apikey_01B"`),
			},
			bad: []string{
				activity("key_service", "service_key_created", intruder, hour, `"service_name":"build"`),
				activity("key_account", "platform_service_account_created", service, hour),
				activity("key_rule", "platform_federation_rule_created", intruder, hour),
			},
			says: []string{"key_service by user_01Stranger", "key_account by svac_01Example", "key_rule by"},
		},
		"compliance_key_created": {
			harmless: []string{activityAt("key_admin", "admin_api_key_created", admin, workday(10), `"scopes":["api:admin"]`)},
			bad: []string{
				activity("key_reads", "admin_api_key_created", admin, hour, `"scopes":["api:admin","read:compliance_activities"]`),
				activity("key_silent", "api_key_created", admin, hour),
			},
			says: []string{"key_reads by user_01Robin", "key_silent by"},
		},
		"new_key_out_of_hours": {
			// In the afternoon where it was sent from, and at half past two at night in UTC.
			bad:  []string{strings.Replace(activityAt("key_offset", "platform_api_key_created", admin, workday(2).Add(30*minute)), "T02:30:00Z", "T10:30:00+08:00", 1)},
			says: []string{"a key was made outside working hours"},
		},
		"key_widened": {
			harmless: []string{
				activity("update_name", "admin_api_key_updated", admin, hour, updates(`{"type":"name","previous_value":"a","current_value":"b"}`)),
				activity("update_off", "platform_api_key_updated", admin, hour, updates(`{"type":"status","previous_value":"active","current_value":"archived"}`)),
			},
			bad: []string{
				activity("update_on", "admin_api_key_updated", admin, hour, updates(`{"type":"name","previous_value":"a","current_value":"b"},{"type":"status","previous_value":"inactive","current_value":"active"}`)),
				activity("update_rule", "platform_federation_rule_workspace_added", admin, hour, `"federation_rule_id":"rule_01"`, `"workspace_id":"wrkspc_01"`),
				activity("update_scopes", "scoped_api_key_updated", admin, hour, updates(`{"type":"scopes","previous_value":["a"],"current_value":["a","b"]}`)),
			},
			says: []string{"update_on by user_01Robin", "update_rule by", "update_scopes by"},
		},
		"key_removed": {
			bad:  []string{activity("key_revoked", "service_key_revoked", admin, hour, `"service_name":"build"`)},
			says: []string{"key_revoked by user_01Robin"},
		},
		"data_export": {
			harmless: []string{activity("export_done", "org_data_export_completed", anthropic, hour)},
			bad:      []string{activity("export_log", "audit_log_export_accessed", admin, hour)},
			says:     []string{"export_log by user_01Robin"},
		},
		"organization_deleted": {
			harmless: []string{activity("files_deleted", "org_sync_synchronized_files_deleted", admin, hour)},
			bad:      []string{activity("end_of_all", "org_deletion_requested", admin, hour)},
			says:     []string{"end_of_all by user_01Robin"},
		},
		"organization_settings_changed": {
			harmless: []string{activity("own_settings", "claude_user_settings_updated", admin, hour, updates(`{"type":"mcp_tools_enabled","previous_value":{"tool":false},"current_value":{"tool":true}}`))},
			bad:      []string{activity("all_settings", "claude_organization_settings_updated", admin, hour, updates(`{"type":"vcs_connections","current_value":[{"org_name":"example-org","type":"github"}]}`))},
			says:     []string{"all_settings by user_01Robin"},
		},
		"domain_changed": {
			harmless: []string{activity("domain_guard", "org_connector_domain_guard_updated", admin, hour, `"enforced":true`)},
			bad:      []string{activity("domain_new", "org_domain_verified", admin, hour, `"domain":"example.net"`)},
			says:     []string{"domain_new by user_01Robin"},
		},
		"identity_provider_changed": {
			harmless: []string{activity("idp_sync", "org_directory_sync_activated", directory, hour)},
			bad:      []string{activity("idp_mode", "org_sso_provisioning_mode_changed", admin, hour, `"new_mode":"jit"`)},
			says:     []string{"idp_mode by user_01Robin"},
		},
		"data_protection_down": {
			harmless: []string{activity("sharing_off", "org_claude_code_data_sharing_disabled", admin, hour)},
			bad:      []string{activity("retention_on", "org_claude_code_zero_data_retention_disabled", admin, hour)},
			says:     []string{"retention_on by user_01Robin"},
		},
		"admin_role": {
			harmless: []string{
				activity("role_project", "role_assignment_granted", admin, hour, `"role":"chat_project:editor"`, `"resource_type":"chat_project"`, `"resource_id":"claude_proj_01"`),
				activity("role_developer", "role_assignment_granted", admin, hour, `"role":"platform:developer"`),
				activity("role_user", "claude_user_role_updated", admin, hour, `"previous_role":"admin"`, `"current_role":"user"`, `"user_id":"user_01Kim"`, `"user_email":"kim@example.com"`),
				activity("invite_user", "org_user_invite_sent", admin, hour, `"invited_role":"user"`, `"invited_email":"lee@example.com"`),
			},
			bad: []string{
				activity("role_admin", "role_assignment_granted", admin, hour, `"role":"platform:admin"`),
				activity("role_bare", "role_assignment_granted", admin, hour, `"role":"admin"`),
				activity("role_silent", "role_assignment_granted", admin, hour),
				activity("role_unknown", "claude_user_role_updated", admin, hour, `"current_role":"membership_admin"`),
				activity("invite_owner", "org_user_invite_sent", admin, hour, `"invited_role":"owner"`, `"invited_email":"lee@example.com"`),
			},
			says: []string{"role_admin by user_01Robin", "role_bare by", "role_silent by", "role_unknown by", "invite_owner by"},
		},
		"permissions_changed": {
			harmless: []string{
				activity("rbac_sync", "rbac_role_assigned", directory, hour, `"role_id":"role_01"`),
				activity("rbac_less", "rbac_role_permission_removed", admin, hour, `"role_id":"role_01"`),
			},
			bad:  []string{activity("rbac_more", "rbac_role_permission_added", admin, hour, `"role_id":"role_01"`)},
			says: []string{"rbac_more by user_01Robin"},
		},
		"user_deleted": {
			harmless: []string{activity("user_synced", "scim_user_deleted", directory, hour, `"user_id":"user_01Kim"`)},
			bad: times(22, func(i int) string {
				return activity(fmt.Sprintf("user_gone_%d", i), "org_user_deleted", admin, time.Duration(i+1)*minute, fmt.Sprintf(`"deleted_user_id":"user_%02d"`, i), `"deleted_user_email":"kim@example.com"`)
			}),
			says: []string{"user_gone_0 by user_01Robin", "user_gone_19 by user_01Robin and 2 more"},
		},
		"invited_outsider": {
			harmless: []string{activity("invite_colleague", "org_user_invite_sent", admin, hour, `"invited_role":"user"`, `"invited_email":"jo@example.com"`)},
			bad: []string{
				activity("invite_lookalike", "org_user_invite_sent", admin, hour, `"invited_role":"user"`, `"invited_email":"jo@example.com.attacker.example"`),
				activity("share_outside", "pending_share_created", admin, hour, `"invitee_email":"jo@attacker.example"`),
			},
			says: []string{"invite_lookalike by user_01Robin", "share_outside by"},
		},
		"shared_publicly": {
			harmless: []string{
				activity("share_all", "claude_artifact_sharing_updated", admin, hour, audience("user", "group", "organization")),
				activity("share_save", "claude_artifact_published", admin, hour, `"artifact_type":"react"`),
			},
			bad: []string{
				activity("share_link", "claude_artifact_sharing_updated", admin, hour, audience("user", "anyone_with_link")),
				activity("share_public", "claude_artifact_sharing_updated", admin, hour, audience("public")),
				activity("share_silent", "claude_project_sharing_updated", admin, hour),
				activity("share_design", "design_project_published", admin, hour, `"design_project_id":"design_01"`),
			},
			says: []string{"share_link by user_01Robin", "share_public by", "share_silent by", "share_design by"},
		},
		"integration_connected": {
			harmless: []string{activity("integration_known", "integration_user_connected", admin, hour, `"integration_type":"github"`)},
			bad:      []string{activity("integration_new", "integration_user_connected", admin, hour, `"integration_type":"gdrive"`)},
			says:     []string{"integration_new by user_01Robin"},
		},
		"mcp_server_changed": {
			harmless: []string{activity("mcp_token", "mcp_server_managed_auth_token_exchanged", admin, hour, `"mcp_server_id":"mcpsrv_01"`)},
			bad:      []string{activity("mcp_new", "mcp_server_created", admin, hour, `"mcp_server_id":"mcpsrv_01"`, `"mcp_server_name":"Snowflake"`)},
			says:     []string{"mcp_new by user_01Robin"},
		},
		"spend_limit_deleted": {
			harmless: []string{activity("limit_new", "platform_spend_limit_created", admin, hour, `"limit_usd":100`)},
			bad:      []string{activity("limit_gone", "platform_spend_limit_deleted", admin, hour)},
			says:     []string{"limit_gone by user_01Robin"},
		},
		"forged_webhook": {
			harmless: []string{activity("ghe_user", "ghe_user_connected", admin, hour)},
			bad:      []string{activity("ghe_forged", "ghe_webhook_signature_invalid", `{"type":"system_actor","service":"ghe"}`, hour, `"ghe_configuration_id":"ghe_01"`)},
			says:     []string{"ghe_forged by system_actor"},
		},
		"sign_in_outside_network": {
			harmless: []string{
				signIn("sign_in_office", "sso_login_succeeded", user("user_01Kim", office), hour),
				signIn("sign_in_laptop", "sso_login_succeeded", user("user_01Lee", laptop), hour),
				signIn("sign_in_mapped", "magic_link_login_succeeded", user("user_01Jo", mapped), hour),
			},
			bad: []string{
				signIn("sign_in_outside", "sso_login_succeeded", user("user_01Kim", outside), hour),
				signIn("sign_in_nowhere", "sso_login_succeeded", user("user_01Lee", ""), hour),
			},
			says: []string{"sign_in_outside by user_01Kim", "sign_in_nowhere by user_01Lee"},
		},
		"unknown_client": {
			harmless: []string{signIn("client_app", "sso_login_succeeded", strings.Replace(user("user_01Kim", office), browser, "Claude/1.3883.0", 1), hour)},
			bad:      []string{signIn("client_curl", "sso_login_succeeded", strings.Replace(user("user_01Kim", office), browser, "curl/8.7.1", 1), hour)},
			says:     []string{"client_curl by user_01Kim"},
		},
		"feed_read_by_unknown_key": {
			bad:  []string{nowhere(activity("read_stranger", "compliance_api_accessed", key("apikey_01Stranger"), hour, `"request_method":"GET"`, `"status_code":200`))},
			says: []string{"read_stranger by apikey_01Stranger"},
		},
		"feed_alive": {
			harmless: []string{nowhere(activity("read_before", "compliance_api_accessed", key("apikey_01Example"), 23*hour, `"request_method":"GET"`, `"status_code":200`))},
			says:     []string{"The key belongs to org_01Other, and not to org_01Example."},
		},

		"many_chats_created": {
			harmless: slices.Concat(
				times(19, func(i int) string {
					return activity(fmt.Sprintf("chat_kim_%d", i), "claude_chat_created", user("user_01Kim", office), hour)
				}),
				times(19, func(i int) string {
					return activity(fmt.Sprintf("chat_lee_%d", i), "claude_chat_created", user("user_01Lee", office), hour)
				}),
			),
			bad: times(20, func(i int) string {
				return activity(fmt.Sprintf("chat_jo_%d", i), "claude_chat_created", user("user_01Jo", office), time.Duration(i+1)*hour)
			}),
			says: []string{"20 by user_01Jo, the last chat_jo_0 at"},
		},
		"mass_deletion": {
			harmless: slices.Concat(
				times(29, func(i int) string {
					return activity(fmt.Sprintf("deleted_kim_%d", i), "claude_chat_deleted", user("user_01Kim", office), hour)
				}),
				[]string{activity("deleted_before", "claude_chat_deleted", user("user_01Kim", office), day+hour)},
			),
			bad: slices.Concat(
				times(15, func(i int) string {
					return activity(fmt.Sprintf("deleted_chat_%d", i), "claude_chat_deleted", intruder, 2*hour)
				}),
				times(15, func(i int) string {
					return activity(fmt.Sprintf("deleted_file_%d", i), "claude_file_deleted", intruder, time.Duration(i+3)*minute)
				}),
			),
			says: []string{"30 by user_01Stranger, the last deleted_file_0 at"},
		},
		"bulk_deletion": {
			bad:  []string{activity("deleted_bulk", "claude_project_file_bulk_deletion_audit_truncated", admin, hour, `"audited_count":100`, `"requested_count":900`)},
			says: []string{"deleted_bulk by user_01Robin"},
		},
		"many_uploads": {
			harmless: slices.Concat(
				times(99, func(i int) string {
					return activity(fmt.Sprintf("upload_office_%d", i), "claude_file_uploaded", user("user_01Kim", office), hour)
				}),
				times(60, func(i int) string {
					return activity(fmt.Sprintf("upload_laptop_%d", i), "claude_file_uploaded", user("user_01Kim", laptop), hour)
				}),
			),
			bad: times(100, func(i int) string {
				return activity(fmt.Sprintf("upload_%d", i), "claude_project_file_uploaded", intruder, time.Duration(i+1)*minute)
			}),
			says: []string{"100 by user_01Stranger, the last upload_0 at"},
		},
		"failed_sign_ins_of_account": {
			harmless: slices.Concat(
				times(4, func(i int) string {
					return nowhere(activityAt(fmt.Sprintf("failed_four_%d", i), "sso_login_failed", claims("kim@example.com", office), inHour(2*hour, i)))
				}),
				times(1, func(int) string {
					return nowhere(activityAt("failed_later", "sso_login_failed", claims("kim@example.com", office), inHour(hour, 1)))
				}),
			),
			bad: times(5, func(i int) string {
				return nowhere(activityAt(fmt.Sprintf("failed_five_%d", i), "sso_login_failed", claims([]string{"Lee@example.com", "lee@example.com"}[i%2], office), inHour(2*hour, i*10)))
			}),
			says: []string{"5 failures in " + inHour(2*hour, 0).UTC().Format("2006-01-02T15") + ", from 1 addresses, the last failed_five_4"},
		},
		"failed_sign_ins_from_address": {
			harmless: times(4, func(i int) string {
				return nowhere(activityAt(fmt.Sprintf("failed_near_%d", i), "magic_link_login_failed", claims(fmt.Sprintf("near%d@example.com", i), "203.0.113.4"), inHour(3*hour, i)))
			}),
			bad: times(5, func(i int) string {
				return nowhere(activityAt(fmt.Sprintf("failed_many_%d", i), "magic_link_login_failed", claims(fmt.Sprintf("many%d@example.com", i), "203.0.113.5"), inHour(3*hour, i)))
			}),
			says: []string{"5 failures of 5 accounts, the last failed_many_4"},
		},
		"failed_sign_ins_spread": {
			harmless: times(5, func(i int) string {
				return nowhere(activityAt(fmt.Sprintf("failed_some_%d", i), "sso_login_failed", claims("some@example.com", fmt.Sprintf("203.0.113.%d", 20+i%4)), inHour(time.Duration(i+3)*hour, 0)))
			}),
			bad: times(5, func(i int) string {
				return nowhere(activityAt(fmt.Sprintf("failed_spread_%d", i), "sso_login_failed", claims("spread@example.com", fmt.Sprintf("203.0.113.%d", 40+i)), inHour(time.Duration(i+3)*hour, 0)))
			}),
			says: []string{"5 failures from 5 addresses, the last failed_spread_0"},
		},
		"failed_sign_ins": {
			harmless: times(5, func(i int) string {
				return nowhere(activityAt(fmt.Sprintf("failed_rest_%d", i), "sso_login_failed", claims(fmt.Sprintf("rest%d@example.com", i), fmt.Sprintf("203.0.113.%d", 60+i)), inHour(5*hour, i)))
			}),
			bad: times(5, func(i int) string {
				return nowhere(activityAt(fmt.Sprintf("failed_twenty_%d", i), "sso_login_failed", claims(fmt.Sprintf("rest%d@example.com", i), fmt.Sprintf("203.0.113.%d", 60+i)), inHour(5*hour, i)))
			}),
			says: []string{"20 sign-ins failed", "by unauthenticated_user_actor"},
		},
		"sign_ins_from_many_addresses": {
			harmless: []string{
				signIn("sign_in_1", "sso_login_succeeded", user("user_01Robin", office), hour),
				signIn("sign_in_2", "sso_login_succeeded", user("user_01Robin", laptop), 2*hour),
				signIn("sign_in_3", "sso_login_succeeded", user("user_01Robin", mapped), 7*hour),
			},
			bad: []string{
				signIn("travel_1", "sso_login_succeeded", user("user_01Robin", office), hour),
				signIn("travel_2", "sso_login_succeeded", user("user_01Robin", laptop), 2*hour),
				signIn("travel_3", "sso_login_succeeded", user("user_01Robin", mapped), 5*hour),
			},
			says: []string{"user_01Robin from 3 addresses, the last travel_1 at"},
		},
		"access_failures": {
			harmless: times(50, func(i int) string {
				return nowhere(activityAt(fmt.Sprintf("refused_near_%d", i), "claude_chat_access_failed", claims("door@example.com", "203.0.113.80"), inHour(2*hour, i)))
			}),
			bad: times(51, func(i int) string {
				return nowhere(activityAt(fmt.Sprintf("refused_%d", i), "claude_chat_access_failed", key("apikey_01Door"), inHour(2*hour, i)))
			}),
			says: []string{"One actor was refused", "One ip_address was refused", "by 1 actors, the last refused_50"},
		},
	}

	series := map[string]gate{
		"first_export": {
			harmless: []string{
				activity("export_89_days_ago", "org_data_export_started", admin, 89*day),
				activity("export_again", "audit_log_export_started", admin, hour),
			},
			bad: []string{
				activity("export_91_days_ago", "org_data_export_started", intruder, 92*day),
				activity("export_first", "audit_log_export_accessed", intruder, 2*hour),
			},
			says: []string{"for the first time in 90 days by user_01Stranger.", "export_first by user_01Stranger"},
		},
		"new_sign_in_method": {
			harmless: []string{
				signIn("link_before", "magic_link_login_succeeded", user("user_01Kim", office), 29*day),
				signIn("link_again", "magic_link_login_succeeded", user("user_01Kim", office), 20*minute),
			},
			bad: []string{
				signIn("sso_before", "sso_login_succeeded", user("user_01Lee", office), 5*day),
				signIn("social_first", "social_login_succeeded", user("user_01Lee", office), 20*minute),
			},
			says: []string{"social_login_succeeded for the first time in 30 days by user_01Lee.", "social_first by user_01Lee"},
		},
		"new_mcp_server": {
			harmless: []string{
				activity("mcp_before", "mcp_server_created", admin, 13*day, `"mcp_server_name":"Snowflake"`),
				activity("mcp_again", "mcp_server_created", admin, hour, `"mcp_server_name":"Snowflake"`),
			},
			bad: []string{
				activity("mcp_old", "mcp_server_created", admin, 16*day, `"mcp_server_name":"Jira"`),
				activity("mcp_new", "mcp_server_created", admin, hour, `"mcp_server_name":"Jira"`),
			},
			says: []string{"by a name that is new in 14 days"},
		},
		"new_project_role": {
			harmless: []string{
				activity("project_before", "role_assignment_granted", admin, 13*day, `"role":"chat_project:editor"`, `"resource_type":"chat_project"`, `"resource_id":"claude_proj_01A"`),
				activity("project_again", "role_assignment_granted", admin, hour, `"role":"chat_project:owner"`, `"resource_type":"chat_project"`, `"resource_id":"claude_proj_01A"`),
				activity("project_viewer", "role_assignment_granted", admin, hour, `"role":"chat_project:viewer"`, `"resource_type":"chat_project"`, `"resource_id":"claude_proj_01B"`),
			},
			bad:  []string{activity("project_new", "role_assignment_granted", admin, hour, `"role":"chat_project:owner"`, `"resource_type":"chat_project"`, `"resource_id":"claude_proj_01C"`)},
			says: []string{"given more than to view a project"},
		},
		"logging_off_then_export": {
			harmless: []string{
				activity("logging_off_before", "org_compliance_api_settings_updated", admin, 26*hour, `"compliance_api_enabled":true`, `"compliance_api_logging_enabled":false`),
				activity("logging_on", "org_compliance_api_settings_updated", admin, 2*hour, `"compliance_api_enabled":true`, `"compliance_api_logging_enabled":true`),
			},
			bad: []string{
				activity("logging_off", "org_compliance_api_settings_updated", admin, 20*hour, `"compliance_api_enabled":true`, `"compliance_api_logging_enabled":false`),
				activity("export_unseen", "audit_log_export_started", intruder, 2*hour),
			},
			says: []string{"was switched off, and within a day a key was made or data exported"},
		},
		"guessed_sign_in": {
			harmless: slices.Concat(
				times(4, func(i int) string {
					return nowhere(activity(fmt.Sprintf("guess_%d", i), "magic_link_login_failed", claims("user_01kim@example.com", outside), time.Duration(21+i)*minute))
				}),
				[]string{nowhere(activity("guess_early", "magic_link_login_failed", claims("user_01kim@example.com", outside), 90*minute))},
			),
			bad: slices.Concat(
				times(5, func(i int) string {
					return nowhere(activity(fmt.Sprintf("guess_%d", i), "sso_login_failed", claims("User_01Robin@example.com", outside), time.Duration(61+i)*minute))
				}),
				[]string{
					signIn("guess_before", "sso_login_succeeded", admin, 5*day),
					signIn("guess_right", "sso_login_succeeded", admin, 60*minute),
				},
			),
			says: []string{"an account failed to sign in 5 times or more, and then succeeded"},
		},
		"second_factor_off_then_sign_in": {
			harmless: []string{activity("factor_off", "org_magic_link_second_factor_toggled", admin, 5*hour, `"enabled":false`)},
			bad: []string{
				activity("factor_off", "org_magic_link_second_factor_toggled", admin, 3*hour, `"enabled":false`),
				signIn("factor_link", "magic_link_login_succeeded", user("user_01Jo", outside), hour),
			},
			says: []string{"somebody signed in by magic link within 4 hours"},
		},
		"second_factor_still_off": {
			harmless: []string{
				activity("factor_off_before", "org_magic_link_second_factor_toggled", admin, 3*day, `"enabled":false`),
				activity("factor_on_again", "org_magic_link_second_factor_toggled", admin, 3*day-11*hour, `"enabled":true`),
			},
			bad: []string{
				activity("factor_off_long", "org_magic_link_second_factor_toggled", admin, 3*day, `"enabled":false`),
				activity("factor_on_late", "org_magic_link_second_factor_toggled", admin, 3*day-13*hour, `"enabled":true`),
			},
			says: []string{"not on again within 12 hours"},
		},
	}
	return map[string]map[string]gate{"facts": facts, "series": series}
}

// TestOutOfHours has one bad hour in each feed: a fixed text does not say which of several
// activities closed a gate.
func TestOutOfHours(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	made := func(at time.Time) []string {
		return []string{activityAt("key_at_that_time", "service_key_created", robin, at)}
	}
	says := []string{"a key was made outside working hours"}
	runStates(t, "gates/new_key_out_of_hours.tf", []state{
		{"evening", made(last(17, time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday)), nil, 1, says},
		{"weekend", made(last(10, time.Saturday, time.Sunday)), nil, 1, says},
	})
}

// recipes are those of the guide on policies, tried as the gates are.
func recipes() map[string]gate {
	const hour, day = time.Hour, 24 * time.Hour
	admin, intruder := user("user_01Robin", office), user("user_01Stranger", outside)
	keys := func(id string, addresses ...string) []string {
		return times(len(addresses), func(i int) string {
			return activity(fmt.Sprintf("%s_%d", id, i), "api_key_created", user("user_01Robin", addresses[i]), hour)
		})
	}
	fetched := func(id string, n int) []string {
		return times(n, func(i int) string {
			return activity(fmt.Sprintf("%s_%d", id, i), "org_data_export_accessed", user("user_01Robin", fmt.Sprintf("203.0.113.%d", i%n)), day)
		})
	}
	roles := func(id string, n int) []string {
		return times(n, func(i int) string {
			return activity(fmt.Sprintf("%s_%d", id, i), "role_assignment_granted", admin, hour, fmt.Sprintf(`"target_id":%q`, id))
		})
	}
	return map[string]gate{
		"reviewed": {
			harmless: []string{activity("export_reviewed", "org_data_export_started", admin, hour)},
			bad: []string{
				activity("export_reviewed", "org_data_export_started", admin, hour),
				activity("export_next", "org_data_export_started", admin, hour),
			},
			says: []string{"Data was exported: export_next."},
		},
		"networks": {
			harmless: keys("key_inside", office, laptop, "192.0.2.255"),
			bad:      slices.Concat(keys("key_outside", "192.0.3.1"), keys("key_far", "2001:db9::1"), keys("key_nowhere", "")),
			says:     []string{"a key was made from outside"},
		},
		"different": {
			harmless: append(fetched("fetched", 3), fetched("fetched_again", 3)...),
			bad:      append(fetched("fetched", 3), activity("fetched_far", "audit_log_export_accessed", intruder, hour)),
			says:     []string{"from more than 3 addresses"},
		},
		"grouping": {
			harmless: append(roles("user_01Kim", 3), roles("user_01Lee", 3)...),
			bad:      roles("user_01Jo", 4),
			says:     []string{"somebody was given more than 3 roles"},
		},
	}
}

// last is the last time that it was this hour, UTC, on one of these days of the week.
func last(hour int, days ...time.Weekday) time.Time {
	now := time.Now().UTC()
	at := time.Date(now.Year(), now.Month(), now.Day(), hour, 0, 0, 0, time.UTC)
	for !at.Before(now.Add(-time.Hour)) || !slices.Contains(days, at.Weekday()) {
		at = at.AddDate(0, 0, -1)
	}
	return at
}

// TestGates plans the gates with feeds in which all must close, in which none must, and
// with an empty one.
func TestGates(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	files := find(t, "gates", ".tf")
	groups := catalogue(time.Now())
	for name, gates := range groups {
		files = slices.DeleteFunc(files, func(file string) bool {
			_, known := gates[strings.TrimSuffix(filepath.Base(file), ".tf")]
			return known
		})
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tryGates(t, "gates", gates)
		})
	}
	for _, file := range files {
		t.Errorf("%s is in no feed", file)
	}
	t.Run("recipes", func(t *testing.T) {
		t.Parallel()
		tryGates(t, "guides/policies", recipes())
	})
}

func tryGates(t *testing.T, folder string, gates map[string]gate) {
	var sources, harmless, bad []string
	for _, name := range slices.Sorted(maps.Keys(gates)) {
		sources = append(sources, filepath.Join(folder, name+".tf"))
		harmless = append(harmless, gates[name].harmless...)
		bad = append(bad, gates[name].bad...)
	}
	w := workspace(t, gateFeed(t, "org_01Example"), sources...)
	complete(w, "")
	if folder == "guides/policies" {
		w.Write("reviewed.auto.tfvars", `reviewed = { export_reviewed = "for the auditors" }`)
	}
	w.Init()
	plan := func(feed *fakeapi.Server) enginetest.Result {
		w.Setenv("ANTHROPIC_COMPLIANCE_BASE_URL", feed.URL)
		return w.Run("plan", "-input=false", "-no-color", "-out=gates.tfplan")
	}
	// Nothing personal may be in what is printed or kept.
	private := personal(t, slices.Concat(harmless, bad)...)
	if len(private) < 3 {
		t.Fatalf("only %q are looked for", private)
	}
	kept := func() {
		t.Helper()
		if _, err := os.Stat(filepath.Join(w.Dir, "gates.tfplan")); err == nil {
			forbid(t, w.Must("show", "-json", "gates.tfplan"), private...)
		}
		if _, err := os.Stat(filepath.Join(w.Dir, "terraform.tfstate")); err == nil {
			forbid(t, read(t, filepath.Join(w.Dir, "terraform.tfstate")), private...)
		}
	}

	empty := closed(plan(gateFeed(t, "org_01Example")))
	for name := range gates {
		// Silence is what this one is about.
		if (empty[name] != "") != (name == "feed_alive") {
			t.Errorf("%s with an empty feed: %q", name, empty[name])
		}
	}

	result := plan(gateFeed(t, "org_01Other", bad...))
	require(t, result, 1)
	forbid(t, result.Output(), private...)
	kept()
	messages := closed(result)
	for name, gate := range gates {
		for _, text := range gate.says {
			if !strings.Contains(messages[name], text) {
				t.Errorf("%s: want %q in %q", name, text, messages[name])
			}
		}
	}

	feed := gateFeed(t, "org_01Example", harmless...)
	result = plan(feed)
	for name, message := range closed(result) {
		t.Errorf("%s closes on what is harmless: %s", name, message)
	}
	require(t, result, 0)
	forbid(t, result.Output(), private...)
	kept()
	atPlan := len(feed.Requests())
	require(t, w.Run("apply", "-input=false", "-no-color", "gates.tfplan"), 0)
	kept()
	if folder == "gates" {
		checkCosts(t, gates, atPlan, len(feed.Requests())-atPlan)
	}
}

// costOfGate is a row of the guide's tables: a gate, and the requests at plan and at apply.
var costOfGate = regexp.MustCompile("(?m)^\\| .* \\| \\[`(\\w+)`\\]\\(.*/gates/(\\w+)\\.tf\\) \\| .* \\| (\\d)(?: at plan, (\\d) at apply)? \\| \\w+ \\|$")

// checkCosts compares how many requests gates have made with what the guide says. They may
// be fewer: reads that ask for the same at the same time are one.
func checkCosts(t *testing.T, gates map[string]gate, atPlan, atApply int) {
	t.Helper()
	mostAtPlan, mostAtApply, rows := 0, 0, 0
	for _, row := range costOfGate.FindAllStringSubmatch(read(t, "../templates/guides/policies.md.tmpl"), -1) {
		if _, here := gates[row[1]]; !here || row[1] != row[2] {
			continue
		}
		rows++
		n, _ := strconv.Atoi(row[3])
		mostAtPlan += n
		n, _ = strconv.Atoi(row[4])
		mostAtApply += n
	}
	if rows != len(gates) {
		t.Errorf("the guide has %d rows for %d gates", rows, len(gates))
	}
	if atPlan > mostAtPlan || atApply > mostAtApply {
		t.Errorf("%d requests at plan and %d at apply; the guide says %d and %d", atPlan, atApply, mostAtPlan, mostAtApply)
	}
}

func gateFeed(t *testing.T, organization string, activities ...string) *fakeapi.Server {
	t.Helper()
	server := fakeapi.NewServer(fakeapi.Options{
		Feed:         fakeapi.NewFeed(activities...),
		Organization: organization,
		SkipReadLog:  true, // a read of one gate must not close another
	})
	t.Cleanup(server.Close)
	return server
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
		if strings.Contains(text, "The activity feed is read from another host") {
			continue // it is: from the fake
		}
		if match := diagnosticFile.FindStringSubmatch(text); match != nil {
			gates[match[1]] += unwrapped(strings.ReplaceAll(text, "│", " "))
		}
	}
	return gates
}

// personal are the e-mail addresses, IP addresses and clients in these activities.
func personal(t *testing.T, activities ...string) []string {
	t.Helper()
	fields := []string{"email_address", "unauthenticated_email_address", "ip_address", "user_agent", "invited_email", "invitee_email", "deleted_user_email", "user_email"}
	found := map[string]bool{}
	var look func(value any)
	look = func(value any) {
		object, _ := value.(map[string]any)
		for name, member := range object {
			if text, ok := member.(string); ok && text != "" && slices.Contains(fields, name) {
				found[text] = true
			}
			look(member)
		}
	}
	for _, text := range activities {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		look(value)
	}
	return slices.Sorted(maps.Keys(found))
}

// TestGatesStandAlone looks for what a gate takes from another file, or shares a name
// with: each can be copied alone, and several into one folder.
func TestGatesStandAlone(t *testing.T) {
	t.Parallel()
	defined := regexp.MustCompile(`(?m)^(data|ephemeral|resource|check) "(\w+)"(?: "(\w+)")? \{|^  (\w+)\s+= `)
	locals := regexp.MustCompile(`(?ms)^locals \{\n(.*?)^\}`)
	uses := regexp.MustCompile(`\b(data|ephemeral)\.(\w+)\.(\w+)|\b(local)\.(\w+)`)
	source := regexp.MustCompile(`\A(?:# .*\n){1,4}[^#]`)
	owner := map[string]string{}
	for _, file := range find(t, "gates", ".tf") {
		text := read(t, file)
		names := map[string]bool{}
		for _, match := range defined.FindAllStringSubmatch(text, -1) {
			if match[1] != "" {
				names[strings.Trim(match[1]+"."+match[2]+"."+match[3], ".")] = true
			}
		}
		for _, block := range locals.FindAllStringSubmatch(text, -1) {
			for _, match := range defined.FindAllStringSubmatch(block[1], -1) {
				names["local."+match[4]] = true
			}
		}
		for name := range names {
			if other := owner[name]; other != "" {
				t.Errorf("%s and %s both have %s", file, other, name)
			}
			owner[name] = file
		}
		for _, match := range uses.FindAllString(text, -1) {
			if !names[match] {
				t.Errorf("%s uses %s, which it does not have", file, match)
			}
		}
		if !source.MatchString(text) {
			t.Errorf("%s does not say why in one to four lines", file)
		}
	}
	if len(owner) < 50 {
		t.Errorf("found only %d names: are the patterns still right?", len(owner))
	}
}
