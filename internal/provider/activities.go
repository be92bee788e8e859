package provider

import (
	"cmp"
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
)

// maxActivities is how many activities a list may have that sets no max_results. A
// list of 50,000 is a state of about 31 MB; beyond that a count is what is wanted.
const maxActivities = 50_000

// maxResultBytes is how large the activities of a list may be on their way to
// Terraform: the 256 MiB that the plugin protocol takes, less some room for the rest.
const maxResultBytes = 255 << 20

// activities is compliance_activities: every activity that matches, as a list.
var activities = &readable{
	name: "activities",
	description: "Reads the activities of the Activity Feed that match the filters, all pages of them. " +
		"It returns every match or fails; it never returns a part.",
	attributes: withFilters(map[string]schema.Attribute{
		"order": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "`desc`, newest first, which is the default, or `asc`. Ties of `created_at` are ordered by ID.",
			Validators:          []validator.String{stringvalidator.OneOf(string(compliance.NewestFirst), string(compliance.OldestFirst))},
		},
		"after_id": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Start behind this cursor, in result order: the `last_id` of an earlier read goes on where that ended. " +
				"Not together with `before_id`.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"before_id": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "Read what stands before this cursor, in result order: with the `first_id` of an earlier read, " +
				"by default what has come since. Not together with `after_id`.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1), stringvalidator.ConflictsWith(path.MatchRoot("after_id"))},
		},
		"limit": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: "How many activities one request asks for, 1 to 5000. Default: 5000. It does not shorten the result; `max_results` does " +
				"(what AWS calls `maxResults` is this `limit`).",
			Validators: []validator.Int64{int64validator.Between(1, compliance.MaxPageSize)},
		},
		"max_results": schema.Int64Attribute{
			Optional: true,
			MarkdownDescription: "Stop after exactly this many activities; `has_more` then says whether there are more. It is the total, not the size of a page: " +
				"that is `limit` (and what AWS calls `maxResults`). Without it, a read that finds more than 50,000 activities fails.",
			Validators: []validator.Int64{int64validator.AtLeast(1)},
		},
		"activities": schema.ListAttribute{
			Computed:            true,
			ElementType:         activityType,
			MarkdownDescription: "The activities, in the API's order, each `id` once.",
		},
		"has_more": schema.BoolAttribute{
			Computed:            true,
			MarkdownDescription: "Whether `max_results` ended the read early. False in all other cases.",
		},
		"first_id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The cursor of the first activity, opaque: `before_id` with it returns exactly what stands before it. Null where nothing matched.",
		},
		"last_id": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The cursor of the last activity, opaque: `after_id` with it goes on exactly where this read ended. Null where nothing matched.",
		},
	}),
	validate: func(ctx context.Context, config tfsdk.Config) diag.Diagnostics {
		var model activitiesModel
		diags := config.Get(ctx, &model)
		diags.Append(model.filters.validate(time.Now())...)
		return diags
	},
	read: readActivities,
}

// activitiesModel is the configuration of compliance_activities.
type activitiesModel struct {
	filters
	Order      types.String `tfsdk:"order"`
	AfterID    types.String `tfsdk:"after_id"`
	BeforeID   types.String `tfsdk:"before_id"`
	Limit      types.Int64  `tfsdk:"limit"`
	MaxResults types.Int64  `tfsdk:"max_results"`

	// Filled by the read.
	Activities types.List   `tfsdk:"activities"`
	HasMore    types.Bool   `tfsdk:"has_more"`
	FirstID    types.String `tfsdk:"first_id"`
	LastID     types.String `tfsdk:"last_id"`
}

func readActivities(ctx context.Context, f *feed, config tfsdk.Config) (map[string]tftypes.Value, diag.Diagnostics) {
	var model activitiesModel
	diags := config.Get(ctx, &model)
	if diags.HasError() {
		return nil, diags
	}
	query, window, queryDiags := model.query(f.now())
	if diags.Append(queryDiags...); diags.HasError() {
		return nil, diags
	}
	query.Order = compliance.Order(model.Order.ValueString())
	query.AfterID = model.AfterID.ValueString()
	query.BeforeID = model.BeforeID.ValueString()
	query.PageSize = int(model.Limit.ValueInt64())
	query.MaxActivities = int(model.MaxResults.ValueInt64())

	timeout := model.timeout()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	result := activitiesResult{backward: query.BeforeID != "", list: newActivityList()}
	about := readContext{what: TypeName + "_activities", window: window, timeout: timeout}
	for page, err := range f.client.Pages(ctx, query) {
		if err != nil {
			diags.Append(about.readError(err))
			return nil, diags
		}
		result.add(page)
		if query.MaxActivities == 0 && result.list.count > maxActivities {
			diags.Append(about.tooManyActivities(page.Number))
			return nil, diags
		}
		if result.list.bytes > maxResultBytes {
			diags.Append(about.resultTooLarge(page.Number, result.list.count))
			return nil, diags
		}
	}
	if !prepare(ctx, "activities", result.list.value(result.backward)) {
		diags.AddError("The activities could not be handed to Terraform", "This is a bug of the provider: it was not started with its own server.")
	}
	return map[string]tftypes.Value{
		"has_more":   tftypes.NewValue(tftypes.Bool, result.hasMore),
		"first_id":   optional(result.firstID),
		"last_id":    optional(result.lastID),
		"request_id": optional(result.requestID),
		"window":     windowValue(window),
	}, diags
}

// activitiesResult collects the pages of a read. A page is written down as soon as it
// is there, so that a read does not hold all activities twice.
type activitiesResult struct {
	backward  bool
	list      *activityList
	hasMore   bool
	firstID   string
	lastID    string
	requestID string
}

func (r *activitiesResult) add(page *compliance.Page) {
	r.list.add(page.Activities)
	r.hasMore = page.HasMore
	r.requestID = page.RequestID
	// The walk goes from one cursor of the result to the other. An empty page has none.
	if r.backward {
		r.firstID = cmp.Or(page.FirstID, r.firstID)
		r.lastID = cmp.Or(r.lastID, page.LastID)
	} else {
		r.firstID = cmp.Or(r.firstID, page.FirstID)
		r.lastID = cmp.Or(page.LastID, r.lastID)
	}
}

// optional is null for "".
func optional(text string) tftypes.Value {
	if text == "" {
		return tftypes.NewValue(tftypes.String, nil)
	}
	return tftypes.NewValue(tftypes.String, text)
}
