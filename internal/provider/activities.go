package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
)

// maxActivities is how many activities a list without max_results may have. A list of
// 50,000 is a state of about 57 MB; for more, a summary is the better tool.
const maxActivities = 50_000

// maxResultBytes is how large the encoded activities of a list may be: the 256 MiB that
// one message of the plugin protocol may have, less some room for the rest.
const maxResultBytes = 255 << 20

// activities is compliance_activities: every activity that matches, as a list.
var activities = &readable{
	name:        "activities",
	description: "Reads the activities of the Activity Feed that match the filters, all of them, or fails.",
	attributes: withFilters(map[string]schema.Attribute{
		"order":    stringArgument("`desc` (newest first, the default) or `asc`.", oneOf(string(feed.NewestFirst), string(feed.OldestFirst))),
		"after_id": stringArgument("Start after this cursor, the `last_id` of an earlier read. Conflicts with `before_id`.", cursorString),
		"before_id": stringArgument("Read what stands before this cursor, the `first_id` of an earlier read: by default, what is newer. Conflicts with `after_id`.",
			cursorString, stringvalidator.ConflictsWith(path.MatchRoot("after_id"))),
		"limit": numberArgument(fmt.Sprintf("The most activities that one request asks for, 1 to %d, the default. "+
			"It does not shorten the result; `max_results` does (AWS's `maxResults` is this `limit`).", compliance.MaxPageSize),
			wholeNumber(1, compliance.MaxPageSize,
				"It is the size of one request, and everything that matches is read anyway. To limit the total, use max_results.")),
		"max_results": numberArgument(fmt.Sprintf("Stop after exactly this many; `has_more` says whether there are more. "+
			"It is the total, not the size of a page (`limit`, AWS's `maxResults`). Without it, more than %s are an error.", count(maxActivities)),
			wholeNumber(1, noMaximum, "")),
		"activities": schema.ListAttribute{
			Computed:    true,
			ElementType: activityType,
			MarkdownDescription: "The activities, in the API's order, each `id` once: objects with `id`, `created_at`, `type`, `organization_id`, `organization_uuid`, `actor` and " +
				"`extra` (every other field, as JSON). `actor` has `type`, `user_id`, `email_address`, `unauthenticated_email_address`, `api_key_id`, " +
				"`admin_api_key_id`, `service_account_id`, `ip_address`, `user_agent`, `directory_id`, `idp_connection_type`, `workos_event_id` and `extra`.",
		},
		"has_more": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether `max_results` ended the read early.",
		},
		"first_id": stringResult("The cursor of the first activity, for `before_id`. Null if nothing matched."),
		"last_id":  stringResult("The cursor of the last activity, for `after_id`. Null if nothing matched."),
	}),
	newModel: func() model { return &activitiesModel{} },
}

// activitiesModel is the configuration of compliance_activities.
type activitiesModel struct {
	filters
	Order      types.String `tfsdk:"order"`
	AfterID    types.String `tfsdk:"after_id"`
	BeforeID   types.String `tfsdk:"before_id"`
	Limit      types.Number `tfsdk:"limit"`
	MaxResults types.Number `tfsdk:"max_results"`
}

func (m *activitiesModel) collect(request *feed.Request, about readContext) collector {
	request.Order = feed.Order(m.Order.ValueString())
	request.AfterID = m.AfterID.ValueString()
	request.BeforeID = m.BeforeID.ValueString()
	request.PageSize = wholeNumberOr(m.Limit, 0)
	request.MaxActivities = wholeNumberOr(m.MaxResults, 0)
	request.Unique = true
	return &activitiesCollector{about: about, guarded: request.MaxActivities == 0}
}

// activitiesCollector writes the activities of a batch down as soon as it arrives, so that a
// read does not hold all of them twice.
type activitiesCollector struct {
	about   readContext
	guarded bool // by maxActivities
	list    *activityList
}

func (c *activitiesCollector) Begin() { c.list = newActivityList() }

func (c *activitiesCollector) Add(batch feed.Batch) error {
	c.list.add(batch)
	switch {
	case c.guarded && c.list.count > maxActivities:
		return c.about.tooManyActivities(batch.Page)
	case c.list.bytes > c.about.maxResultBytes:
		return c.about.resultTooLarge(batch.Page, c.list.count)
	}
	return nil
}

func (c *activitiesCollector) attributes(result feed.Result) (attributes, error) {
	c.list.sort()
	return attributes{
		"activities": c.list,
		"has_more":   result.HasMore,
		"first_id":   optional(result.FirstID),
		"last_id":    optional(result.LastID),
	}, nil
}

// optional is null for "".
func optional(text string) any {
	if text == "" {
		return nil
	}
	return text
}
