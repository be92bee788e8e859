package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
	"github.com/compliance-feed/terraform-provider-compliance/internal/summary"
)

// activitySummary is compliance_activity_summary: how many activities match, by several
// keys. It holds no e-mail or IP address.
var activitySummary = &readable{
	name: "activity_summary",
	description: "Counts the activities of the Activity Feed that match the filters: in all, by type, actor, organization and day. " +
		"It reads all of them, however many, and holds no e-mail or IP address. It returns the full counts or fails.",
	attributes: withFilters(map[string]schema.Attribute{
		"total": schema.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "How many activities match. Each `id` counts once, here and in all other counts.",
		},
		"by_type":         countsAttribute("By activity type."),
		"by_actor_type":   countsAttribute("By the actor's type; `none` where there is no actor."),
		"by_organization": countsAttribute("By `organization_id`; `none` where that is null, as for sign-ins, sign-outs and calls of the Compliance API."),
		"by_actor": countsAttribute("By the actor's stable ID: the first of `user_id`, `api_key_id`, `admin_api_key_id`, `service_account_id`, `directory_id` and " +
			"`external_client_id` that it has. Actors without one are counted under their type, such as `unauthenticated_user_actor`; activities without an actor under `none`."),
		"by_day": countsAttribute("By day in UTC, as in `2026-04-10`. Days without activities are left out."),
		"oldest_created_at": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The earliest `created_at`, as sent. Null where nothing matched.",
		},
		"newest_created_at": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "The latest `created_at`, as sent. Null where nothing matched.",
		},
	}),
	newModel: func() model { return &activitySummaryModel{} },
}

func countsAttribute(description string) schema.Attribute {
	return schema.MapAttribute{Computed: true, ElementType: types.Int64Type, MarkdownDescription: description}
}

// activitySummaryModel is the configuration of compliance_activity_summary.
type activitySummaryModel struct {
	filters

	// Filled by the read.
	Total           types.Int64  `tfsdk:"total"`
	ByType          types.Map    `tfsdk:"by_type"`
	ByActorType     types.Map    `tfsdk:"by_actor_type"`
	ByOrganization  types.Map    `tfsdk:"by_organization"`
	ByActor         types.Map    `tfsdk:"by_actor"`
	ByDay           types.Map    `tfsdk:"by_day"`
	OldestCreatedAt types.String `tfsdk:"oldest_created_at"`
	NewestCreatedAt types.String `tfsdk:"newest_created_at"`
}

func (m *activitySummaryModel) read(ctx context.Context, s *service, query feed.Query, about readContext) (outcome, diag.Diagnostics) {
	query.RememberLastPageOnly = true
	counts := summary.New()
	var from origin
	for page, err := range s.reader.UnorderedPages(ctx, query) {
		if err != nil {
			return outcome{}, diag.Diagnostics{about.readError(err)}
		}
		for i := range page.Activities {
			if err := counts.Add(&page.Activities[i]); err != nil {
				return outcome{}, diag.Diagnostics{about.notCountable(page.Number, s.client.Clean(err.Error()))}
			}
		}
		from.add(page)
	}
	return outcome{origin: from, attributes: map[string]tftypes.Value{
		"total":             tftypes.NewValue(tftypes.Number, counts.Total),
		"by_type":           countsValue(counts.ByType),
		"by_actor_type":     countsValue(counts.ByActorType),
		"by_organization":   countsValue(counts.ByOrganization),
		"by_actor":          countsValue(counts.ByActor),
		"by_day":            countsValue(counts.ByDay),
		"oldest_created_at": optional(counts.Oldest),
		"newest_created_at": optional(counts.Newest),
	}}, nil
}

func countsValue(counts map[string]int64) tftypes.Value {
	values := make(map[string]tftypes.Value, len(counts))
	for key, number := range counts {
		values[key] = tftypes.NewValue(tftypes.Number, number)
	}
	return tftypes.NewValue(tftypes.Map{ElementType: tftypes.Number}, values)
}
