package provider

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// defaultReadTimeout is for a whole read, waits included.
const defaultReadTimeout = 20 * time.Minute

// minLookback is the shortest window: an activity takes up to a minute to appear, so that a
// shorter one would see nothing, for ever.
const minLookback = 2 * time.Minute

// filters are the arguments that everything that reads the feed has: what to read,
// and for how long at most.
type filters struct {
	OrganizationIDs      types.Set    `tfsdk:"organization_ids"`
	ActorIDs             types.Set    `tfsdk:"actor_ids"`
	ActivityTypes        types.Set    `tfsdk:"activity_types"`
	Topics               types.Set    `tfsdk:"topics"`
	ExcludeActivityTypes types.Set    `tfsdk:"exclude_activity_types"`
	CreatedAtGTE         types.String `tfsdk:"created_at_gte"`
	CreatedAtGT          types.String `tfsdk:"created_at_gt"`
	CreatedAtLTE         types.String `tfsdk:"created_at_lte"`
	CreatedAtLT          types.String `tfsdk:"created_at_lt"`
	Lookback             types.String `tfsdk:"lookback"`
	Except               types.List   `tfsdk:"except"`
	Reviewed             types.Map    `tfsdk:"reviewed"`
	Timeouts             types.Object `tfsdk:"timeouts"`
}

// withFilters returns the attributes that belong to filters, and those that the object has
// besides.
//
// timeouts is not that of terraform-plugin-framework-timeouts, whose durations have no days
// and whose key in ephemeral resources is open, not read.
func withFilters(more map[string]schema.Attribute) map[string]schema.Attribute {
	bound := func(description string) schema.Attribute { return stringArgument(description+" RFC 3339.", timeString) }
	set := func(description string, check func(string) (fault, title string), more ...validator.Set) schema.Attribute {
		return schema.SetAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: description + " An empty set is an error.",
			Validators:          append(more, filterSet(check)),
		}
	}
	attributes := map[string]schema.Attribute{
		"organization_ids": set("Only activities of these organizations, `org_…` or UUIDs, and those of none, such as sign-ins.", checkOrganizationID),
		"actor_ids":        set("Only activities of these users, `user_…`. Other IDs may match nothing.", checkActorID),
		"activity_types":   set("Only activities of these types; no patterns. Conflicts with `exclude_activity_types`.", checkActivityType),
		"topics": set("Only activities of the types of these topics, such as `credential_created`, and of `activity_types`. `unclassified`, alone: what this version does not know. "+
			"Conflicts with `exclude_activity_types`.", checkTopic,
			setvalidator.ConflictsWith(path.MatchRoot("exclude_activity_types"))),
		"exclude_activity_types": set("No activities of these types. Conflicts with `activity_types` and `topics`.",
			checkActivityType, setvalidator.ConflictsWith(path.MatchRoot("activity_types"))),
		"created_at_gte": bound("Only activities at or after this time."),
		"created_at_gt":  bound("Only activities after this time."),
		"created_at_lte": bound("Only activities at or before this time."),
		"created_at_lt":  bound("Only activities before this time."),
		"lookback": stringArgument("How far back to read, from the upper bound or from now: a duration such as `90m`, `24h`, `7d` or `1d12h`, at least `2m`. "+
			"Conflicts with `created_at_gte` and `created_at_gt`.",
			durationString(minLookback), stringvalidator.ConflictsWith(path.MatchRoot("created_at_gte"), path.MatchRoot("created_at_gt"))),
		"except": schema.ListAttribute{
			Optional:            true,
			ElementType:         types.MapType{ElemType: types.ListType{ElemType: types.StringType}}, // of sets, 5,000 values take minutes
			MarkdownDescription: "Leave out what is harmless: maps from fields to values, such as `{ type = [\"org_sso_toggled\"], enabled = [\"true\"] }`. An activity is left out if every field of at least one map has one of its values.",
		},
		"reviewed": schema.MapAttribute{
			Optional:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "Leave out what somebody has looked at: a map from the activity's ID to the reason why it is fine.",
			Validators:          []validator.Map{reviewedMap},
		},
		"excepted": numberResult("How many activities `except` and `reviewed` left out; 0 without them."),
		"reviewed_ids": schema.ListAttribute{
			Computed:            true,
			ElementType:         types.StringType,
			MarkdownDescription: "The IDs of `reviewed` that were met, sorted. Take the others off.",
		},
		"timeouts": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "How long the read may take. The only key is `read`; engines drop any other without a word.",
			Attributes: map[string]schema.Attribute{
				"read": stringArgument(fmt.Sprintf("Waits and retries included. Default: `%s`.", brief(defaultReadTimeout)), durationString(0)),
			},
		},
		"window": schema.ObjectAttribute{
			Computed:            true,
			AttributeTypes:      map[string]attr.Type{"start": types.StringType, "end": types.StringType},
			MarkdownDescription: "The bounds that were sent, `start` and `end`, in UTC; null where there is none.",
		},
		"request_id":          stringResult("The `request-id` of the last page."),
		"key_organization_id": stringResult("The organization of the API key, as the server names it; null if it does not."),
	}
	maps.Copy(attributes, more)
	return attributes
}

func stringArgument(description string, validators ...validator.String) schema.Attribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description, Validators: validators}
}

func numberArgument(description string, validators ...validator.Number) schema.Attribute {
	return schema.NumberAttribute{Optional: true, MarkdownDescription: description, Validators: validators}
}

func stringResult(description string) schema.Attribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

func numberResult(description string) schema.Attribute {
	return schema.Int64Attribute{Computed: true, MarkdownDescription: description}
}

func (f *filters) common() *filters { return f }

// request returns the request for the filters, the window that it covers, and what gives the
// value of reviewed_ids once it has been read. All values are known and valid by themselves.
func (f *filters) request(now time.Time) (feed.Request, timerange.Window, func() []string, diag.Diagnostics) {
	exceptions, diags := exceptionsOf(path.Root("except"), f.Except)
	bounds, window, boundsDiags := f.bounds(now)
	request := feed.Request{
		OrganizationIDs:      stringsOf(f.OrganizationIDs),
		ActorIDs:             stringsOf(f.ActorIDs),
		ActivityTypes:        stringsOf(f.ActivityTypes),
		ExcludeActivityTypes: stringsOf(f.ExcludeActivityTypes),
		Bounds:               bounds,
	}
	askForTopics(&request, stringsOf(f.Topics))
	reviewed := newReviewed(f.Reviewed)
	if len(exceptions) > 0 || len(reviewed) > 0 {
		request.Except = func(a *activity.Activity) bool { return reviewed.match(a) || exceptions.Match(a) }
	}
	return request, window, reviewed.met, append(diags, boundsDiags...)
}

// bounds are the time bounds, with their window. Those that are unknown or not valid by
// themselves, for which there are validators, count as open.
func (f *filters) bounds(now time.Time) (timerange.Bounds, timerange.Window, diag.Diagnostics) {
	at := func(text types.String) *time.Time {
		if parsed, err := timerange.Parse(text.ValueString()); err == nil {
			return &parsed
		}
		return nil
	}
	bounds := timerange.Bounds{GTE: at(f.CreatedAtGTE), GT: at(f.CreatedAtGT), LTE: at(f.CreatedAtLTE), LT: at(f.CreatedAtLT)}
	var diags diag.Diagnostics
	if lookback, err := timerange.ParseDuration(f.Lookback.ValueString()); err == nil {
		bounds, err = bounds.Since(lookback, now)
		if early, ok := errors.AsType[*timerange.EarlyError](err); ok {
			refuse(&diags, path.Root("lookback"),
				fmt.Sprintf("The lookback %s leads from created_at_%s to before the year 0. Shorten it.", quoted(f.Lookback.ValueString()), early.Upper.Name))
		}
	}
	window, err := bounds.Window()
	if empty, ok := errors.AsType[*timerange.EmptyError](err); ok {
		lower, upper := "created_at_"+empty.Lower, "created_at_"+empty.Upper
		diags.AddAttributeError(path.Root(lower), "The time bounds cover no time",
			fmt.Sprintf("No activity can satisfy both %s and %s. Make %s the later of the two.", lower, upper, upper))
	}
	return bounds, window, diags
}

// validate checks the exceptions, and the time bounds together, as far as they are known.
func (f *filters) validate(now time.Time) diag.Diagnostics {
	at := path.Root("except")
	_, diags := exceptionsOf(at, f.Except)
	diags.Append(strangeKeys(at, f.Except, f.typesAskedFor())...)
	diags.Append(f.validateTopics()...)
	_, _, boundsDiags := f.bounds(now)
	return append(diags, boundsDiags...)
}

// timeout is for the whole read.
func (f *filters) timeout() time.Duration {
	read, ok := f.Timeouts.Attributes()["read"].(types.String)
	if !ok || read.IsNull() {
		return defaultReadTimeout
	}
	timeout, _ := timerange.ParseDuration(read.ValueString()) // validated
	return timeout
}

// stringsOf returns the elements of a set of strings that are known, sorted, so that the same
// filter is always the same request. It is nil for null.
func stringsOf(set types.Set) []string {
	return slices.Sorted(slices.Values(knownStrings(set.Elements())))
}

func knownStrings(elements []attr.Value) (values []string) {
	for _, element := range elements {
		if !element.IsUnknown() && !element.IsNull() {
			values = append(values, element.(types.String).ValueString())
		}
	}
	return values
}

func windowValue(window timerange.Window) map[string]any {
	text := func(t *time.Time) any {
		if t == nil {
			return nil
		}
		return timerange.Format(*t)
	}
	return map[string]any{"start": text(window.Start), "end": text(window.End)}
}
