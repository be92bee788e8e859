package provider

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/numbervalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
	"github.com/compliance-feed/terraform-provider-compliance/internal/summary"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// activitySummary is compliance_activity_summary: how many activities match, by several
// keys, the newest of them, and groups. It holds no e-mail or IP address.
var activitySummary = &readable{
	name:        "activity_summary",
	description: "Counts the activities of the Activity Feed that match the filters, all of them, or fails; and says who, what and when, without e-mail or IP addresses. Most gates need no more.",
	attributes: withFilters(map[string]schema.Attribute{
		"group_by": schema.SetAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Count groups that have all of these in common: `actor` (the stable ID, else the type), `account` (the e-mail address, signed in or not), " +
				"`ip_address` (IPv6 by its /64), `user_agent`, `type`, `organization`, `hour`, `day` (in UTC), or a field as in `except`.",
			Validators: []validator.Set{groupingSet},
		},
		"min_count": numberArgument("Leave out smaller groups.", wholeNumber(1, noMaximum, ""), numbervalidator.AlsoRequires(groupBy)),
		"max_groups": numberArgument(fmt.Sprintf("Only so many groups, the largest, 1 to %d.", summary.MaxGroups),
			wholeNumber(1, summary.MaxGroups, ""), numbervalidator.AlsoRequires(groupBy)),
		"within": stringArgument("Count the most activities of a group that any stretch of this length has, such as `10m`; "+
			"each number of `by_type` and `distinct` for itself. Not with `hour` or `day`.",
			durationString(time.Second), stringvalidator.AlsoRequires(groupBy)),
		"baseline": stringArgument("Read as much before the window, too, such as `30d`, to tell what is usual; "+
			"counted in `baseline` of each group and nowhere else. Needs a lower bound.",
			durationString(0), stringvalidator.AlsoRequires(groupBy)),
		"total":             numberResult("How many activities match, each `id` once."),
		"by_type":           countsAttribute("By activity type."),
		"by_actor_type":     countsAttribute("By the actor's type; `none` if there is no actor."),
		"by_organization":   countsAttribute("By `organization_id`; `none` where that is null, as for sign-ins."),
		"by_day":            countsAttribute("By day in UTC, `2026-04-10`."),
		"oldest_created_at": stringResult("The earliest `created_at`; null if nothing matched."),
		"newest_created_at": stringResult("The latest `created_at`; null if nothing matched."),
		"newest": schema.ListAttribute{
			Computed:    true,
			ElementType: latestType,
			MarkdownDescription: "The newest 20, newest first: objects with `id`, `created_at`, `type`, `organization_id`, `actor_type` and " +
				"`actor_id` (strings, the last three may be null). `actor_id` is the stable ID: the first of `user_id`, `api_key_id`, `admin_api_key_id`, `service_account_id`, " +
				"`directory_id` and `external_client_id` that is no address.",
		},
		"groups": schema.ListAttribute{
			Computed:    true,
			ElementType: groupType,
			MarkdownDescription: "The groups of `group_by`, largest first: objects with `count`; `keys` (the actor's ID or type, type, organization, hour and day, and `none` for what is lacking); `by_type`; " +
				"`distinct` (how many different `actor`, `account`, `ip_address`, `user_agent`, `type` and `organization`); " +
				"`newest_id` and `newest_created_at`; and `baseline` (null without the argument), with `count`, how often the like occurred there, " +
				"and with `hour` or `day` in `group_by` `mean` and `deviation` of the hours or days in which it did.",
		},
		"more_groups": numberResult("How many groups `max_groups` left out."),
		"listing":     stringResult("What was found, ready for a message: a line for each of `newest`, or of the 20 largest groups, and how many more there are."),
	}),
	newModel: func() model { return &activitySummaryModel{} },
}

var groupBy = path.MatchRoot("group_by")

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
		"by_type":           types.MapType{ElemType: types.Int64Type},
		"distinct":          types.MapType{ElemType: types.Int64Type},
		"newest_id":         types.StringType,
		"newest_created_at": types.StringType,
		"baseline":          usualType,
	}}
	usualType = types.ObjectType{AttrTypes: map[string]attr.Type{"count": types.Int64Type, "mean": types.Float64Type, "deviation": types.Float64Type}}
)

func countsAttribute(description string) schema.Attribute {
	return schema.MapAttribute{Computed: true, ElementType: types.Int64Type, MarkdownDescription: description}
}

// activitySummaryModel is the configuration of compliance_activity_summary.
type activitySummaryModel struct {
	filters
	GroupBy   types.Set    `tfsdk:"group_by"`
	MinCount  types.Number `tfsdk:"min_count"`
	MaxGroups types.Number `tfsdk:"max_groups"`
	Within    types.String `tfsdk:"within"`
	Baseline  types.String `tfsdk:"baseline"`
}

// validate checks what the arguments say together, as far as they are known.
func (m *activitySummaryModel) validate(now time.Time) diag.Diagnostics {
	diags := m.filters.validate(now)
	if !m.Within.IsNull() && slices.ContainsFunc(m.groupings(), summary.Grouping.ByTime) {
		refuse(&diags, path.Root("within"),
			`An hour or a day in group_by divides what within counts together. Leave "hour" and "day" out of group_by, or omit within.`)
	}
	if !m.Baseline.IsNull() && m.Lookback.IsNull() && m.CreatedAtGTE.IsNull() && m.CreatedAtGT.IsNull() {
		refuse(&diags, path.Root("baseline"),
			"The baseline ends where the window begins, and this one has no beginning. Set lookback, or a lower bound (created_at_gte or created_at_gt).")
	}
	return diags
}

// groupings are those that are known and valid.
func (m *activitySummaryModel) groupings() (by []summary.Grouping) {
	for _, name := range stringsOf(m.GroupBy) {
		if g, err := summary.NewGrouping(name); err == nil {
			by = append(by, g)
		}
	}
	return by
}

// options are what is to be counted. A baseline moves the lower bound of the request.
func (m *activitySummaryModel) options(request *feed.Request) summary.Options {
	o := summary.Options{GroupBy: m.groupings()}
	o.Within, _ = timerange.ParseDuration(m.Within.ValueString()) // validated, or null
	baseline, _ := timerange.ParseDuration(m.Baseline.ValueString())
	start := request.Bounds.Lower()
	if baseline == 0 || start == nil {
		return o
	}
	o.Baseline, o.Start, o.After = baseline, start.At, start.Exclusive
	request.Begins = start.At
	request.Bounds.GTE, request.Bounds.GT = new(start.At.Add(-baseline)), nil
	return o
}

func (m *activitySummaryModel) collect(request *feed.Request, about readContext) collector {
	c := &summaryCollector{about: about, options: m.options(request), minCount: int64(wholeNumberOr(m.MinCount, 0)), maxGroups: wholeNumberOr(m.MaxGroups, 0)}
	request.CountExcepted = func(a *activity.Activity) bool { return c.counts.InWindow(a) }
	return c
}

// summaryCollector counts activities and keeps none of them.
type summaryCollector struct {
	about     readContext
	options   summary.Options
	minCount  int64
	maxGroups int
	counts    *summary.Summary
}

func (c *summaryCollector) Begin() { c.counts = summary.New(c.options) }

func (c *summaryCollector) Add(batch feed.Batch) error {
	for i := range batch.Activities {
		if err := c.counts.Add(&batch.Activities[i]); err != nil {
			return c.about.notCounted(batch.Page, err)
		}
	}
	return nil
}

func (c *summaryCollector) attributes(feed.Result) (attributes, error) {
	counts := c.counts
	groups, more, err := counts.Groups(c.minCount, c.maxGroups)
	if err != nil {
		return nil, c.about.tooManyGroups()
	}
	l := listing{clean: c.about.client.Clean}
	if len(c.options.GroupBy) > 0 {
		l.addGroups(groups, more)
	} else {
		l.addLatest(counts)
	}
	return attributes{
		"total":             counts.Total,
		"by_type":           counts.ByType,
		"by_actor_type":     counts.ByActorType,
		"by_organization":   counts.ByOrganization,
		"by_day":            counts.ByDay,
		"oldest_created_at": optional(counts.Oldest),
		"newest_created_at": optional(counts.Newest),
		"newest":            latestValue(counts.Latest()),
		"groups":            groupsValue(groups, c.options),
		"more_groups":       more,
		"listing":           strings.Join(l.lines, "\n"),
	}, nil
}

// notCounted is about an activity that a summary cannot place, or about too much to keep.
func (r readContext) notCounted(page int, err error) refusal {
	if fault, ok := errors.AsType[*summary.TimeError](err); ok {
		return refusal{diag.NewErrorDiagnostic(
			"An activity cannot be counted",
			fmt.Sprintf("Page %d of %s: created_at %s of the activity %s is not an RFC 3339 timestamp. %s\n\n",
				page, r.what, quoted(r.client.Clean(fault.CreatedAt)), quoted(r.client.Clean(fault.ID)), nothingReturned)+
				"Leave the activity out with a filter, or read the list (compliance_activities), which keeps created_at as it is.",
		)}
	}
	most, advice := "keys of by_type, by_actor_type, by_organization and by_day", "Narrow the window or the filters."
	if fault, ok := errors.AsType[*summary.BudgetError](err); ok {
		switch fault.Most {
		case summary.Groups:
			most, advice = "groups and their different values", "Narrow the window or the filters, or name fewer keys in group_by."
		case summary.Stretch:
			most, advice = "activities, which within looks at one by one", "Narrow the window or the filters, or omit within."
		case summary.Baseline:
			most, advice = "counts of the baseline", "Shorten the baseline, narrow the filters, or name fewer keys in group_by."
		}
	}
	return r.stopped(page, "Too much to count", fmt.Sprintf(": it keeps at most %s entries, and most of those are %s", thousands(summary.MaxEntries), most), advice)
}

func (r readContext) tooManyGroups() refusal {
	return refusal{diag.NewErrorDiagnostic(
		fmt.Sprintf("More than %s groups", thousands(summary.MaxGroups)),
		fmt.Sprintf("%s counted too many groups of activities, %s. Nothing was returned, so that no group is missing.\n\n", r.what, r.windowText())+
			"Set min_count, or raise it, so that small groups are left out; set max_groups to see the largest only; or name fewer keys in group_by.",
	)}
}

func latestValue(latest []summary.Latest) []attributes {
	values := make([]attributes, len(latest))
	for i, l := range latest {
		values[i] = attributes{
			"id": l.ID, "created_at": l.CreatedAt, "type": l.Type, "organization_id": l.OrganizationID, "actor_type": l.ActorType, "actor_id": l.ActorID,
		}
	}
	return values
}

func groupsValue(groups []summary.Group, options summary.Options) []attributes {
	byTime := slices.ContainsFunc(options.GroupBy, summary.Grouping.ByTime)
	values := make([]attributes, len(groups))
	for i, group := range groups {
		var usual attributes // null without a baseline
		if options.Baseline > 0 {
			usual = attributes{"count": group.Usual.Count, "mean": nil, "deviation": nil}
			if byTime {
				usual["mean"], usual["deviation"] = group.Usual.Mean, group.Usual.Deviation
			}
		}
		values[i] = attributes{
			"count":             group.Count,
			"keys":              group.Keys,
			"by_type":           group.ByType,
			"distinct":          group.Distinct,
			"newest_id":         group.NewestID,
			"newest_created_at": group.NewestCreatedAt,
			"baseline":          usual,
		}
	}
	return values
}

// listing is what a message says of a summary. Its lines begin with two spaces, since engines
// do not wrap such lines.
type listing struct {
	lines []string
	clean func(string) string
}

// listedAtMost is how many groups it has at most.
const listedAtMost = 20

func (l *listing) add(parts ...string) {
	for i, part := range parts {
		parts[i] = cut(l.clean(part), 2*maxQuoted)
	}
	l.lines = append(l.lines, "  "+strings.Join(parts, "  "))
}

func (l *listing) addLatest(counts *summary.Summary) {
	for _, a := range counts.Latest() {
		who := "nobody named"
		if a.ActorID != nil {
			who = *a.ActorID
		} else if a.ActorType != nil && *a.ActorType != "" {
			who = *a.ActorType
		}
		l.add(a.CreatedAt, a.Type, a.ID, "by "+who)
	}
	if more := int(counts.Total) - len(l.lines); more > 0 {
		l.add("and " + thousands(more) + " more")
	}
}

// distinctNames are the words for several of what a group has in distinct.
var distinctNames = map[string]string{
	"actor": "actors", "account": "accounts", "ip_address": "addresses", "user_agent": "user agents", "type": "types", "organization": "organizations",
}

func (l *listing) addGroups(groups []summary.Group, more int) {
	for i, group := range groups {
		if i == listedAtMost {
			more += len(groups) - i
			break
		}
		parts := []string{count(int(group.Count))}
		for _, name := range slices.Sorted(maps.Keys(group.Keys)) {
			parts = append(parts, name+" "+group.Keys[name])
		}
		for _, name := range summary.Distinct() {
			if n := group.Distinct[name]; n > 1 {
				parts = append(parts, thousands(int(n))+" "+distinctNames[name])
			}
		}
		l.add(append(parts, "newest "+group.NewestID+" at "+group.NewestCreatedAt)...)
	}
	if more > 0 {
		l.add("and " + thousands(more) + " more groups")
	}
}

// groupingSet is the rule for what to group by; see filterSet for why it is our own.
var groupingSet = rule{"a set that is not empty", func(value attr.Value, at path.Path, diags *diag.Diagnostics) {
	names := listed("or", append(summary.Groupings(), `a field, such as "actor.idp_connection_type"`)...)
	elements := value.(types.Set).Elements()
	if len(elements) == 0 {
		refuse(diags, at, "The set is empty. Name what the activities of a group have in common ("+names+"), or omit the argument to count no groups.")
	}
	for _, element := range elements {
		name := element.(types.String)
		if name.IsUnknown() {
			continue
		}
		if name.IsNull() {
			refuse(diags, at, "The set holds a null. Use one or more of "+names+".")
		} else if _, err := summary.NewGrouping(name.ValueString()); err != nil {
			refuse(diags, at, keyText(err)+" Activities can be grouped by "+names+".")
		}
	}
}}
