package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
)

// callActivityTypes calls the function as an engine does, on a provider that nobody has
// configured.
func callActivityTypes(t *testing.T, patterns ...string) (names []any, errorText string) {
	t.Helper()
	s := start(t, newTestProvider())
	arguments := make([]*tfprotov6.DynamicValue, len(patterns))
	for i, pattern := range patterns {
		encoded, err := msgpack.Marshal(pattern)
		must(err)
		arguments[i] = &tfprotov6.DynamicValue{MsgPack: encoded}
	}
	resp, err := s.server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{Name: "activity_types", Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Error != nil {
		return nil, resp.Error.Text
	}
	return decodeAs(t, resp.Result.MsgPack, tftypes.List{ElementType: tftypes.String}).([]any), ""
}

func TestActivityTypes(t *testing.T) {
	t.Parallel()
	names, errorText := callActivityTypes(t, "scim_user_*", "primary_owner_transferred", "scim_user_created")
	if errorText != "" {
		t.Fatal(errorText)
	}
	requireEqual(t, "names", names, []any{"primary_owner_transferred", "scim_user_created", "scim_user_deleted", "scim_user_updated"})
}

func TestActivityTypesErrors(t *testing.T) {
	t.Parallel()
	for want, patterns := range map[string][]string{
		"at least one pattern":                           nil,
		`pattern 2, "ssso_*", matches none`:              {"sso_*", "ssso_*"},
		`pattern 1, "[", is malformed`:                   {"["},
		`; names are in lower case: "sso_*"`:             {"SSO_*"},
		`pattern 1, (not shown`:                          {"sk-ant-api03-AbC"},
		`; the nearest known name is "sso_login_failed"`: {"sso_login_faild"},
		`only "environment_created", which is removed`:   {"environment_created"},
	} {
		if names, errorText := callActivityTypes(t, patterns...); !strings.Contains(errorText, want) || strings.ContainsAny(errorText[len(errorText)-1:], ".?") {
			t.Errorf("%v: got %v and the error %q, want an error with %q", patterns, names, errorText, want)
		}
	}
}
