package provider

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// callActivityTypes calls the function as an engine does, on a provider that nobody has
// configured.
func callActivityTypes(t *testing.T, patterns ...string) (names []any, errorText string) {
	t.Helper()
	s := start(t, newTestProvider())
	arguments := make([]*tfprotov6.DynamicValue, len(patterns))
	for i, pattern := range patterns {
		arguments[i] = s.dynamicString(pattern)
	}
	resp, err := s.server.CallFunction(t.Context(), &tfprotov6.CallFunctionRequest{Name: "activity_types", Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Error != nil {
		return nil, resp.Error.Text
	}
	value, err := resp.Result.Unmarshal(tftypes.List{ElementType: tftypes.String})
	if err != nil {
		t.Fatal(err)
	}
	return fromTerraform(value).([]any), ""
}

func (s *session) dynamicString(text string) *tfprotov6.DynamicValue {
	s.t.Helper()
	dynamic, err := tfprotov6.NewDynamicValue(tftypes.String, tftypes.NewValue(tftypes.String, text))
	if err != nil {
		s.t.Fatal(err)
	}
	return &dynamic
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
