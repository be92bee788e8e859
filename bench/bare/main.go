// Command bare is the least that a provider can be: a protocol server that hands over
// activities which were read and written as msgpack before. What a plan costs with it
// is Terraform's own work, and the measure for any provider that returns as much.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// resultVariable names the file with the whole result of compliance_activities, as it
// crosses the protocol.
const resultVariable = "BENCH_RESULT"

func main() {
	if err := tf6server.Serve("bench.test/bare/compliance", func() tfprotov6.ProviderServer { return server{} }); err != nil {
		log.Fatal(err)
	}
}

// server answers what an engine asks in a plan with a data source. The interface that
// it embeds is nil: whatever else is asked ends the process.
type server struct{ tfprotov6.ProviderServer }

func (server) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return &tfprotov6.GetProviderSchemaResponse{
		Provider:          &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{}},
		DataSourceSchemas: map[string]*tfprotov6.Schema{"compliance_activities": activitiesSchema()},
	}, nil
}

func (server) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (server) ValidateProviderConfig(_ context.Context, req *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: req.Config}, nil
}

func (server) ConfigureProvider(context.Context, *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (server) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (server) ValidateDataResourceConfig(context.Context, *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return &tfprotov6.ValidateDataResourceConfigResponse{}, nil
}

func (server) ReadDataSource(context.Context, *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	result, err := os.ReadFile(os.Getenv(resultVariable))
	if err != nil {
		return nil, err
	}
	return &tfprotov6.ReadDataSourceResponse{State: &tfprotov6.DynamicValue{MsgPack: result}}, nil
}

// activitiesSchema has the attributes of compliance_activities and no description. A
// test compares it with the provider's.
func activitiesSchema() *tfprotov6.Schema {
	block := &tfprotov6.SchemaBlock{}
	arguments := func(of tftypes.Type, names ...string) {
		for _, name := range names {
			block.Attributes = append(block.Attributes, &tfprotov6.SchemaAttribute{Name: name, Type: of, Optional: true})
		}
	}
	results := func(of tftypes.Type, names ...string) {
		for _, name := range names {
			block.Attributes = append(block.Attributes, &tfprotov6.SchemaAttribute{Name: name, Type: of, Computed: true})
		}
	}
	arguments(tftypes.Set{ElementType: tftypes.String}, "organization_ids", "actor_ids", "activity_types", "exclude_activity_types")
	arguments(tftypes.String, "created_at_gte", "created_at_gt", "created_at_lte", "created_at_lt", "lookback", "order", "after_id", "before_id")
	arguments(tftypes.Number, "limit", "max_results")
	arguments(tftypes.List{ElementType: tftypes.Map{ElementType: tftypes.Set{ElementType: tftypes.String}}}, "except")
	arguments(texts("read"), "timeouts")
	results(texts("start", "end"), "window")
	results(tftypes.String, "request_id", "key_organization_id", "first_id", "last_id")
	results(tftypes.Number, "excepted")
	results(tftypes.Bool, "has_more")

	activity := texts("id", "created_at", "type", "organization_id", "organization_uuid", "extra")
	activity.AttributeTypes["actor"] = texts("type", "user_id", "email_address", "unauthenticated_email_address", "api_key_id",
		"admin_api_key_id", "service_account_id", "ip_address", "user_agent", "directory_id", "idp_connection_type", "workos_event_id", "extra")
	results(tftypes.List{ElementType: activity}, "activities")
	return &tfprotov6.Schema{Block: block}
}

// texts is an object of strings.
func texts(names ...string) tftypes.Object {
	object := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
	for _, name := range names {
		object.AttributeTypes[name] = tftypes.String
	}
	return object
}
