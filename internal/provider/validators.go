package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// stringValidator is a rule for strings. Its message never holds the value, which
// may be a key.
type stringValidator struct {
	what  string // what the value should be
	check func(string) error
}

// checkedString makes a validator of a check whose error goes on from "The value …".
func checkedString(what string, check func(string) error) validator.String {
	return stringValidator{what: what, check: check}
}

var durationString = checkedString("a duration", func(text string) error {
	_, err := timerange.ParseDuration(text)
	return err
})

func (v stringValidator) Description(context.Context) string {
	return "value must be " + v.what
}

func (v stringValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v stringValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := v.check(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), "The value "+err.Error()+".")
	}
}

// filterSet is the rule for sets of IDs and types: an empty set or string, or a null
// in it, could be taken for "no filter" and let the wrong activities through.
func filterSet(more ...validator.Set) []validator.Set {
	return append([]validator.Set{
		setvalidator.SizeAtLeast(1),
		setvalidator.NoNullValues(),
		setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)),
	}, more...)
}

// misspeltType warns of an activity type that is close to a known one. It is no error,
// since the server knows more types than this version of the provider; and any other
// unknown value may be one of those.
type misspeltType struct{}

func (misspeltType) Description(context.Context) string {
	return "value should be an activity type"
}

func (v misspeltType) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (misspeltType) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	value := req.ConfigValue.ValueString()
	if nearest, ok := activitytype.Nearest(value); ok && !req.ConfigValue.IsUnknown() {
		resp.Diagnostics.AddAttributeWarning(req.Path, "Possibly a misspelt activity type",
			fmt.Sprintf("%q is not among the activity types known in %s, and %q is. If it is a newer type, all is well.",
				value, activitytype.AsOf().Format("January 2006"), nearest))
	}
}
