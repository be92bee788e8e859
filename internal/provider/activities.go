package provider

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

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
		"order": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "`desc` (newest first, the default) or `asc`.",
			Validators:          []validator.String{oneOf(string(feed.NewestFirst), string(feed.OldestFirst))},
		},
		"after_id": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Start after this cursor, the `last_id` of an earlier read. Conflicts with `before_id`.",
			Validators:          []validator.String{cursorString},
		},
		"before_id": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "Read what stands before this cursor, the `first_id` of an earlier read: by default, what is newer. Conflicts with `after_id`.",
			Validators:          []validator.String{cursorString, stringvalidator.ConflictsWith(path.MatchRoot("after_id"))},
		},
		"limit": schema.NumberAttribute{
			Optional:            true,
			MarkdownDescription: fmt.Sprintf("The most activities that one request asks for, 1 to %[1]d, the default. It does not shorten the result; `max_results` does (AWS's `maxResults` is this `limit`).", compliance.MaxPageSize),
			Validators: []validator.Number{wholeNumber{min: 1, max: compliance.MaxPageSize,
				advice: "It is the size of one request, and everything that matches is read anyway. To limit the total, use max_results."}},
		},
		"max_results": schema.NumberAttribute{
			Optional:            true,
			MarkdownDescription: fmt.Sprintf("Stop after exactly this many; `has_more` says whether there are more. It is the total, not the size of a page (`limit`, AWS's `maxResults`). Without it, more than %s are an error.", count(maxActivities)),
			Validators:          []validator.Number{wholeNumber{min: 1, max: noMaximum}},
		},
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
		"first_id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The cursor of the first activity, for `before_id`. Null if nothing matched.",
		},
		"last_id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The cursor of the last activity, for `after_id`. Null if nothing matched.",
		},
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

	// Filled by the read.
	Activities types.List   `tfsdk:"activities"`
	HasMore    types.Bool   `tfsdk:"has_more"`
	FirstID    types.String `tfsdk:"first_id"`
	LastID     types.String `tfsdk:"last_id"`
}

func (m *activitiesModel) complete(query *feed.Query) {
	query.Order = feed.Order(m.Order.ValueString())
	query.AfterID = m.AfterID.ValueString()
	query.BeforeID = m.BeforeID.ValueString()
	query.PageSize = wholeNumberOr(m.Limit, 0)
	query.MaxActivities = wholeNumberOr(m.MaxResults, 0)
}

func (m *activitiesModel) read(ctx context.Context, s *service, query feed.Query, about readContext) (outcome, error) {
	result := newActivitiesResult(query)
	for page, err := range s.reader.Pages(ctx, query) {
		if err != nil {
			return outcome{}, err
		}
		if page.Restart {
			result = newActivitiesResult(query)
		}
		result.add(page)
		if query.MaxActivities == 0 && result.list.count > maxActivities {
			return outcome{}, refusal{about.tooManyActivities(page.Number)}
		}
		if result.list.bytes > s.maxResultBytes {
			return outcome{}, refusal{about.resultTooLarge(page.Number, result.list.count)}
		}
	}
	return result.outcome(), nil
}

// activitiesResult collects the pages of a read. The activities of a page are encoded as
// soon as it arrives, so that a read does not hold all of them twice.
type activitiesResult struct {
	backward bool
	list     *activityList
	pages    []feed.Page // as they arrived, without their activities
	origin   origin
}

func newActivitiesResult(query feed.Query) *activitiesResult {
	return &activitiesResult{backward: query.BeforeID != "", list: newActivityList()}
}

func (r *activitiesResult) add(page *feed.Page) {
	r.list.add(page.Activities)
	kept := *page
	kept.Activities = nil
	r.pages = append(r.pages, kept)
	r.origin.add(page)
}

func (r *activitiesResult) outcome() outcome {
	order := make([]int, len(r.pages)) // of the pages, in the direction of the walk
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return r.pages[a].Compare(&r.pages[b]) })
	firstID, lastID, came := r.ends(order)
	hasMore := len(order) > 0 && r.pages[order[len(order)-1]].HasMore
	if r.backward {
		slices.Reverse(order)
	}
	return outcome{
		attributes: map[string]tftypes.Value{
			"excepted": tftypes.NewValue(tftypes.Number, came-r.list.count),
			"has_more": tftypes.NewValue(tftypes.Bool, hasMore),
			"first_id": optional(firstID),
			"last_id":  optional(lastID),
		},
		origin:   r.origin,
		prepared: prepared{name: "activities", pieces: r.list.pieces(order)},
	}
}

// ends are the cursors at both ends of the result, with how many activities came, including
// excepted ones. It goes through the pages in the direction of the walk.
func (r *activitiesResult) ends(order []int) (firstID, lastID string, came int) {
	for _, i := range order {
		page := &r.pages[i]
		// An empty page has no cursors; one with activities and without cursors makes the
		// result's null, since that of another page would not fit.
		begin, end := &firstID, &lastID
		pageBegin, pageEnd := page.FirstID, page.LastID
		if r.backward {
			begin, end = end, begin
			pageBegin, pageEnd = pageEnd, pageBegin
		}
		if came == 0 {
			*begin = pageBegin
		}
		onPage := r.list.counts[i] + page.Excepted
		if onPage > 0 || pageEnd != "" {
			*end = pageEnd
		}
		came += onPage
	}
	if came == 0 {
		return "", "", 0 // pages without activities may have cursors
	}
	return firstID, lastID, came
}

// optional is null for "".
func optional(text string) tftypes.Value {
	if text == "" {
		return tftypes.NewValue(tftypes.String, nil)
	}
	return tftypes.NewValue(tftypes.String, text)
}
