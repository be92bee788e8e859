package provider

import (
	"context"

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
		resp.Error = function.NewFuncError(err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, names)
}
