package provider

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
)

// activityTypesFunction is provider::compliance::activity_types(patterns...). It works
// on the embedded list alone and so needs no key.
type activityTypesFunction struct{}

var _ function.Function = activityTypesFunction{}

func (activityTypesFunction) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "activity_types"
}

func (activityTypesFunction) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Known activity types that match any of the patterns",
		MarkdownDescription: "Returns the known activity types that match any of the patterns, sorted and each once. " +
			"Known types are those in the API's public reference as of " + activitytype.AsOf() + ". " +
			"A pattern that matches none is an error, so that a misspelt one cannot weaken a policy.",
		VariadicParameter: function.StringParameter{
			Name: "patterns",
			MarkdownDescription: "Names or globs, at least one: `*` stands for any characters, `?` for one, `[a-c]` for one of a range, " +
				"as in Go's `path.Match`.",
		},
		Return: function.ListReturn{ElementType: types.StringType},
	}
}

func (activityTypesFunction) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var patterns []string
	if resp.Error = req.Arguments.Get(ctx, &patterns); resp.Error != nil {
		return
	}
	names, err := activitytype.Match(patterns...)
	if err != nil {
		resp.Error = function.NewFuncError(matchText(err))
		return
	}
	resp.Error = resp.Result.Set(ctx, names)
}

// matchText says what is wrong with the patterns. It has no full stop or question mark at its
// end, where Terraform puts one.
func matchText(err error) string {
	fault, ok := errors.AsType[*activitytype.MatchError](err)
	if !ok {
		return err.Error()
	}
	place := fmt.Sprintf("pattern %d, %s,", fault.Place, quoted(fault.Pattern))
	switch fault.Fault {
	case activitytype.NoPattern:
		return `at least one pattern is needed, such as "sso_*"`
	case activitytype.Malformed:
		return place + " is malformed"
	}
	text := fmt.Sprintf("%s matches none of the %d activity types known in %s", place, len(activitytype.Known), activitytype.AsOf())
	if fault.Only.Name != "" {
		return fmt.Sprintf("%s, only %q, which is %s", text, fault.Only.Name, fault.Only.State)
	}
	if lower := strings.ToLower(fault.Pattern); lower != fault.Pattern {
		if _, err := activitytype.Match(lower); err == nil {
			return fmt.Sprintf("%s; names are in lower case: %s", text, quoted(lower))
		}
	}
	if nearest, ok := activitytype.Nearest(fault.Pattern); ok {
		return fmt.Sprintf("%s; the nearest known name is %q", text, nearest)
	}
	return text
}
