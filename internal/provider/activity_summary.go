package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/numbervalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
	"github.com/compliance-feed/terraform-provider-compliance/internal/summary"
)

// activitySummary is compliance_activity_summary: how many activities match, by several
// keys, the newest of them, and groups. It holds no e-mail or IP address.
var activitySummary = &readable{
	name: "activity_summary",
	description: "Counts the activities of the Activity Feed that match the filters: in total, by type, actor, organization and day, and in groups of your choice. " +
		"It reads all of them, however many there are, and holds no e-mail address, IP address or user agent. It returns the full counts or fails.",
	attributes: withFilters(map[string]schema.Attribute{
		"group_by": schema.SetAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Count groups of activities that have all of these in common: `actor` (the stable ID), `account` (the e-mail address, signed in or not, regardless of case), " +
				"`ip_address`, `user_agent`, `type`, `organization`, `hour` and `day` (in UTC). An activity that lacks one of them is in no group.",
			Validators: []validator.Set{groupingSet{}},
		},
		"min_count": schema.NumberAttribute{
			Optional:            true,
			MarkdownDescription: fmt.Sprintf("Leave out groups of fewer activities. More than %s groups are an error. Only with `group_by`.", thousands(summary.MaxGroups)),
			Validators: []validator.Number{
				wholeNumber{min: 1, max: noMaximum},
				numbervalidator.AlsoRequires(path.MatchRoot("group_by")),
			},
		},
		"total": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "How many activities match. Each `id` counts once, here and in all other counts.",
		},
		"by_type":         countsAttribute("By activity type."),
		"by_actor_type":   countsAttribute("By the actor's type; `none` if there is no actor."),
		"by_organization": countsAttribute("By `organization_id`; `none` if that is null, as for sign-ins, sign-outs and calls of the Compliance API."),
		"by_actor": countsAttribute("By the actor's stable ID: the first of `user_id`, `api_key_id`, `admin_api_key_id`, `service_account_id`, `directory_id` and " +
			"`external_client_id` that it has. Actors without one are counted under their type, such as `unauthenticated_user_actor`; activities without an actor under `none`."),
		"by_day": countsAttribute("By day in UTC, as in `2026-04-10`. Days without activities are left out."),
		"oldest_created_at": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The earliest `created_at`, as sent. Null if nothing matched.",
		},
		"newest_created_at": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The latest `created_at`, as sent. Null if nothing matched.",
		},
		"newest": schema.ListAttribute{
			Computed:    true,
			ElementType: latestType,
			MarkdownDescription: "The newest 20 activities, newest first, for messages that say who, what and when. Each is an object with `id`, `created_at`, `type`, `organization_id`, `actor_type` and " +
				"`actor_id` (the actor's stable ID, as in `by_actor`), all of them strings; the last three are null if there is none. It holds no addresses.",
		},
		"groups": schema.ListAttribute{
			Computed:    true,
			ElementType: groupType,
			MarkdownDescription: "The groups of `group_by`, largest first; of equally large ones, the one with the newest activity first. Each is an object. `count` (number) is how many activities it has. `keys` (map of strings) is what they have in common: " +
				"`actor`, `type`, `organization`, `hour` or `day`, and never an e-mail address, IP address or user agent. `distinct` (map of numbers) is how many different values of `actor`, `account`, `ip_address`, `user_agent`, `type` and `organization` the group has. " +
				"`newest_id` and `newest_created_at` (strings) are those of its newest activity. Empty without `group_by`.",
		},
	}),
	newModel: func() model { return &activitySummaryModel{} },
}

// The types of list elements. They are not nested attributes; see activityType for why.
var (
	latestType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"id":              types.StringType,
		"created_at":      types.StringType,
		"type":            types.StringType,
		"organization_id": types.StringType,
		"actor_type":      types.StringType,
		"actor_id":        types.StringType,
	}}
	groupType = types.ObjectType{AttrTypes: map[string]attr.Type{
		"count":             types.Int64Type,
		"keys":              types.MapType{ElemType: types.StringType},
		"distinct":          types.MapType{ElemType: types.Int64Type},
		"newest_id":         types.StringType,
		"newest_created_at": types.StringType,
	}}
)

func countsAttribute(description string) schema.Attribute {
	return schema.MapAttribute{Computed: true, ElementType: types.Int64Type, MarkdownDescription: description}
}

// activitySummaryModel is the configuration of compliance_activity_summary.
type activitySummaryModel struct {
	filters
	GroupBy  types.Set    `tfsdk:"group_by"`
	MinCount types.Number `tfsdk:"min_count"`

	// Attributes of the result. They are always null here; the framework wants a field for each.
	Total           types.Int64  `tfsdk:"total"`
	ByType          types.Map    `tfsdk:"by_type"`
	ByActorType     types.Map    `tfsdk:"by_actor_type"`
	ByOrganization  types.Map    `tfsdk:"by_organization"`
	ByActor         types.Map    `tfsdk:"by_actor"`
	ByDay           types.Map    `tfsdk:"by_day"`
	OldestCreatedAt types.String `tfsdk:"oldest_created_at"`
	NewestCreatedAt types.String `tfsdk:"newest_created_at"`
	Newest          types.List   `tfsdk:"newest"`
	Groups          types.List   `tfsdk:"groups"`
}

func (m *activitySummaryModel) read(ctx context.Context, s *service, query feed.Query, about readContext) (outcome, diag.Diagnostics) {
	query.RememberLastPageOnly = true
	counts := summary.New(stringsOf(m.GroupBy)...)
	var from origin
	for page, err := range s.reader.Pages(ctx, query) {
		if err != nil {
			return outcome{}, diag.Diagnostics{about.readError(err)}
		}
		if page.Restart {
			counts, from = summary.New(stringsOf(m.GroupBy)...), origin{}
		}
		for i := range page.Activities {
			switch err := counts.Add(&page.Activities[i]); {
			case errors.Is(err, summary.ErrTooManyValues):
				return outcome{}, diag.Diagnostics{about.tooManyValues(page.Number, summary.MaxValues)}
			case err != nil:
				return outcome{}, diag.Diagnostics{about.notCountable(page.Number, s.client.Clean(err.Error()))}
			}
		}
		counts.Excepted += int64(page.Excepted)
		from.add(page)
	}
	groups, err := counts.Groups(int64(wholeNumberOr(m.MinCount, 0)))
	if err != nil {
		return outcome{}, diag.Diagnostics{about.tooManyGroups(summary.MaxGroups)}
	}
	return outcome{origin: from, attributes: map[string]tftypes.Value{
		"excepted":          tftypes.NewValue(tftypes.Number, counts.Excepted),
		"total":             tftypes.NewValue(tftypes.Number, counts.Total),
		"by_type":           countsValue(counts.ByType),
		"by_actor_type":     countsValue(counts.ByActorType),
		"by_organization":   countsValue(counts.ByOrganization),
		"by_actor":          countsValue(counts.ByActor),
		"by_day":            countsValue(counts.ByDay),
		"oldest_created_at": optional(counts.Oldest),
		"newest_created_at": optional(counts.Newest),
		"newest":            latestValue(counts.Latest()),
		"groups":            groupsValue(groups),
	}}, nil
}

func countsValue(counts map[string]int64) tftypes.Value {
	values := make(map[string]tftypes.Value, len(counts))
	for key, number := range counts {
		values[key] = tftypes.NewValue(tftypes.Number, number)
	}
	return tftypes.NewValue(tftypes.Map{ElementType: tftypes.Number}, values)
}

func latestValue(latest []summary.Latest) tftypes.Value {
	text := func(field *string) tftypes.Value { return tftypes.NewValue(tftypes.String, field) }
	element := latestType.TerraformType(context.Background())
	values := make([]tftypes.Value, len(latest))
	for i := range latest {
		l := &latest[i]
		values[i] = tftypes.NewValue(element, map[string]tftypes.Value{
			"id": text(&l.ID), "created_at": text(&l.CreatedAt), "type": text(&l.Type),
			"organization_id": text(l.OrganizationID), "actor_type": text(l.ActorType), "actor_id": text(l.ActorID),
		})
	}
	return tftypes.NewValue(tftypes.List{ElementType: element}, values)
}

func groupsValue(groups []summary.Group) tftypes.Value {
	element := groupType.TerraformType(context.Background())
	values := make([]tftypes.Value, len(groups))
	for i, group := range groups {
		keys := make(map[string]tftypes.Value, len(group.Keys))
		for name, key := range group.Keys {
			keys[name] = tftypes.NewValue(tftypes.String, key)
		}
		values[i] = tftypes.NewValue(element, map[string]tftypes.Value{
			"count":             tftypes.NewValue(tftypes.Number, group.Count),
			"keys":              tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, keys),
			"distinct":          countsValue(group.Distinct),
			"newest_id":         tftypes.NewValue(tftypes.String, group.NewestID),
			"newest_created_at": tftypes.NewValue(tftypes.String, group.NewestCreatedAt),
		})
	}
	return tftypes.NewValue(tftypes.List{ElementType: element}, values)
}

// groupingSet is the rule for what to group by; see filterSet for why it is our own.
type groupingSet struct{}

func (groupingSet) Description(context.Context) string {
	return "set must hold at least one of " + strings.Join(summary.Groupings(), ", ")
}

func (v groupingSet) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (groupingSet) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	names := strings.Join(summary.Groupings(), ", ")
	refuse := func(what string) {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), what)
	}
	if len(req.ConfigValue.Elements()) == 0 {
		refuse("The set is empty. Name what the activities of a group have in common (" + names + "), or omit the argument to count no groups.")
	}
	for _, element := range req.ConfigValue.Elements() {
		if name, _ := element.(types.String); !name.IsUnknown() && !slices.Contains(summary.Groupings(), name.ValueString()) {
			refuse("The set holds something that activities cannot be grouped by. Use one or more of " + names + ".")
		}
	}
}
