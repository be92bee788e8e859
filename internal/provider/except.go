package provider

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/except"
)

// exceptionList is the rule for exceptions.
type exceptionList struct{}

func (exceptionList) Description(context.Context) string {
	return "each map must name at least one field and the values that are allowed"
}

func (v exceptionList) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (exceptionList) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	_, diags := exceptionsOf(req.Path, req.ConfigValue)
	resp.Diagnostics.Append(diags...)
}

// exceptionsOf returns the exceptions of a configuration, in which one that is not yet
// known as a whole is checked as far as it is, and lets nothing through.
func exceptionsOf(at path.Path, list types.List) (exceptions except.Exceptions, diags diag.Diagnostics) {
	refuse := func(at path.Path, detail string) { diags.AddAttributeError(at, "Invalid "+at.String(), detail) }
	for i, element := range list.Elements() {
		at := at.AtListIndex(i)
		entries, _ := element.(types.Map)
		if !entries.IsUnknown() && len(entries.Elements()) == 0 {
			refuse(at, "The exception is empty or null, and would let everything through. Name at least one field and the values that are allowed.")
		}
		known := !entries.IsUnknown()
		var conditions []*except.Condition
		for _, key := range slices.Sorted(maps.Keys(entries.Elements())) {
			at := at.AtMapKey(key)
			set, _ := entries.Elements()[key].(types.Set)
			if set.IsNull() {
				refuse(at, "The set of values is null. Write [] if no value is allowed, or leave the exception out.")
				continue
			}
			values, allKnown, hasNull := knownValues(set)
			known = known && allKnown
			if hasNull {
				refuse(at, "A value is null. Leave it out, with compact() for instance: a field that is null or missing always counts.")
			}
			condition, err := except.NewCondition(key, values)
			if err != nil {
				refuse(at, "In this exception, "+err.Error()+".")
				continue
			}
			if strings.HasPrefix(key, "extra.") {
				diags.AddAttributeWarning(at, "Possibly not a field of an activity",
					"Fields are named as the server sends them: what the attribute extra holds is named without it, such as \"enabled\". "+
						"A field that an activity lacks never matches, so this exception may let nothing through.")
			}
			conditions = append(conditions, condition)
		}
		if known {
			exceptions.Add(conditions)
		}
	}
	return exceptions, diags
}

// knownValues are the strings of a set, as far as they are known and not null.
func knownValues(set types.Set) (values []string, allKnown, hasNull bool) {
	allKnown = !set.IsUnknown()
	for _, element := range set.Elements() {
		switch value, _ := element.(types.String); {
		case value.IsUnknown():
			allKnown = false
		case value.IsNull():
			hasNull = true
		default:
			values = append(values, value.ValueString())
		}
	}
	return values, allKnown, hasNull
}
