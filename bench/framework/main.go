// Command framework is a provider as most are written: structs with tags for the
// plugin framework, and State.Set. It reads with the same client as the provider that
// is shipped, so that only the way from activities to Terraform values differs.
package main

import (
	"cmp"
	"context"
	"log"
	"maps"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
)

func main() {
	options := providerserver.ServeOpts{Address: "bench.test/framework/compliance"}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return usual{} }, options); err != nil {
		log.Fatal(err)
	}
}

type usual struct{}

func (usual) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "compliance"
}
func (usual) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse)          {}
func (usual) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (usual) Resources(context.Context) []func() resource.Resource                              { return nil }

func (usual) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return activities{} }}
}

type activities struct{}

func (activities) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "compliance_activities"
}

func (activities) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := map[string]schema.Attribute{}
	for _, name := range []string{"organization_ids", "actor_ids", "activity_types", "exclude_activity_types"} {
		attributes[name] = schema.SetAttribute{Optional: true, ElementType: types.StringType}
	}
	for _, name := range []string{"created_at_gte", "created_at_gt", "created_at_lte", "created_at_lt", "lookback", "order", "after_id", "before_id"} {
		attributes[name] = schema.StringAttribute{Optional: true}
	}
	for _, name := range []string{"limit", "max_results"} {
		attributes[name] = schema.Int64Attribute{Optional: true}
	}
	attributes["except"] = schema.ListAttribute{Optional: true, ElementType: types.MapType{ElemType: types.SetType{ElemType: types.StringType}}}
	attributes["timeouts"] = schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{"read": schema.StringAttribute{Optional: true}}}
	maps.Copy(attributes, computed("request_id", "key_organization_id", "first_id", "last_id"))
	attributes["excepted"] = schema.Int64Attribute{Computed: true}
	attributes["has_more"] = schema.BoolAttribute{Computed: true}
	attributes["window"] = schema.ObjectAttribute{Computed: true, AttributeTypes: map[string]attr.Type{"start": types.StringType, "end": types.StringType}}

	one := computed("id", "created_at", "type", "organization_id", "organization_uuid", "extra")
	one["actor"] = schema.SingleNestedAttribute{Computed: true, Attributes: computed("type", "user_id", "email_address", "unauthenticated_email_address",
		"api_key_id", "admin_api_key_id", "service_account_id", "ip_address", "user_agent", "directory_id", "idp_connection_type", "workos_event_id", "extra")}
	attributes["activities"] = schema.ListNestedAttribute{Computed: true, NestedObject: schema.NestedAttributeObject{Attributes: one}}
	resp.Schema.Attributes = attributes
}

// computed are strings that the provider fills.
func computed(names ...string) map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{}
	for _, name := range names {
		attributes[name] = schema.StringAttribute{Computed: true}
	}
	return attributes
}

type model struct {
	OrganizationIDs      types.Set       `tfsdk:"organization_ids"`
	ActorIDs             types.Set       `tfsdk:"actor_ids"`
	ActivityTypes        types.Set       `tfsdk:"activity_types"`
	ExcludeActivityTypes types.Set       `tfsdk:"exclude_activity_types"`
	CreatedAtGTE         types.String    `tfsdk:"created_at_gte"`
	CreatedAtGT          types.String    `tfsdk:"created_at_gt"`
	CreatedAtLTE         types.String    `tfsdk:"created_at_lte"`
	CreatedAtLT          types.String    `tfsdk:"created_at_lt"`
	Lookback             types.String    `tfsdk:"lookback"`
	Order                types.String    `tfsdk:"order"`
	AfterID              types.String    `tfsdk:"after_id"`
	BeforeID             types.String    `tfsdk:"before_id"`
	Limit                types.Int64     `tfsdk:"limit"`
	MaxResults           types.Int64     `tfsdk:"max_results"`
	Except               types.List      `tfsdk:"except"`
	Timeouts             types.Object    `tfsdk:"timeouts"`
	Window               types.Object    `tfsdk:"window"`
	Excepted             types.Int64     `tfsdk:"excepted"`
	RequestID            types.String    `tfsdk:"request_id"`
	KeyOrganizationID    types.String    `tfsdk:"key_organization_id"`
	FirstID              types.String    `tfsdk:"first_id"`
	LastID               types.String    `tfsdk:"last_id"`
	HasMore              types.Bool      `tfsdk:"has_more"`
	Activities           []activityModel `tfsdk:"activities"`
}

type activityModel struct {
	ID               types.String `tfsdk:"id"`
	CreatedAt        types.String `tfsdk:"created_at"`
	Type             types.String `tfsdk:"type"`
	OrganizationID   types.String `tfsdk:"organization_id"`
	OrganizationUUID types.String `tfsdk:"organization_uuid"`
	Actor            *actorModel  `tfsdk:"actor"`
	Extra            types.String `tfsdk:"extra"`
}

type actorModel struct {
	Type                        types.String `tfsdk:"type"`
	UserID                      types.String `tfsdk:"user_id"`
	EmailAddress                types.String `tfsdk:"email_address"`
	UnauthenticatedEmailAddress types.String `tfsdk:"unauthenticated_email_address"`
	APIKeyID                    types.String `tfsdk:"api_key_id"`
	AdminAPIKeyID               types.String `tfsdk:"admin_api_key_id"`
	ServiceAccountID            types.String `tfsdk:"service_account_id"`
	IPAddress                   types.String `tfsdk:"ip_address"`
	UserAgent                   types.String `tfsdk:"user_agent"`
	DirectoryID                 types.String `tfsdk:"directory_id"`
	IDPConnectionType           types.String `tfsdk:"idp_connection_type"`
	WorkOSEventID               types.String `tfsdk:"workos_event_id"`
	Extra                       types.String `tfsdk:"extra"`
}

func (activities) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	client, err := compliance.New(compliance.Options{
		APIKey:         os.Getenv("ANTHROPIC_COMPLIANCE_API_KEY"),
		BaseURL:        os.Getenv("ANTHROPIC_COMPLIANCE_BASE_URL"),
		RequestTimeout: time.Minute,
		RequestsAtOnce: 4,
	})
	if err != nil {
		resp.Diagnostics.AddError("No client", err.Error())
		return
	}
	m.Activities = []activityModel{}
	m.Window = types.ObjectNull(map[string]attr.Type{"start": types.StringType, "end": types.StringType})
	for page, err := range feed.New(client).Pages(ctx, feed.Query{}) {
		if err != nil {
			resp.Diagnostics.AddError("No page", err.Error())
			return
		}
		for i := range page.Activities {
			m.Activities = append(m.Activities, newActivity(&page.Activities[i]))
		}
		m.HasMore = types.BoolValue(page.HasMore)
		m.FirstID = types.StringValue(cmp.Or(m.FirstID.ValueString(), page.FirstID))
		m.LastID = types.StringValue(page.LastID)
		m.RequestID = types.StringValue(page.RequestID)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func newActivity(a *activity.Activity) activityModel {
	return activityModel{
		ID:               types.StringValue(a.ID),
		CreatedAt:        types.StringValue(a.CreatedAt),
		Type:             types.StringValue(a.Type),
		OrganizationID:   types.StringPointerValue(a.OrganizationID),
		OrganizationUUID: types.StringPointerValue(a.OrganizationUUID),
		Actor:            newActor(a.Actor),
		Extra:            types.StringValue(a.Extra),
	}
}

func newActor(a *activity.Actor) *actorModel {
	if a == nil {
		return nil
	}
	return &actorModel{
		Type:                        types.StringPointerValue(a.Type),
		UserID:                      types.StringPointerValue(a.UserID),
		EmailAddress:                types.StringPointerValue(a.EmailAddress),
		UnauthenticatedEmailAddress: types.StringPointerValue(a.UnauthenticatedEmailAddress),
		APIKeyID:                    types.StringPointerValue(a.APIKeyID),
		AdminAPIKeyID:               types.StringPointerValue(a.AdminAPIKeyID),
		ServiceAccountID:            types.StringPointerValue(a.ServiceAccountID),
		IPAddress:                   types.StringPointerValue(a.IPAddress),
		UserAgent:                   types.StringPointerValue(a.UserAgent),
		DirectoryID:                 types.StringPointerValue(a.DirectoryID),
		IDPConnectionType:           types.StringPointerValue(a.IDPConnectionType),
		WorkOSEventID:               types.StringPointerValue(a.WorkOSEventID),
		Extra:                       types.StringValue(a.Extra),
	}
}
