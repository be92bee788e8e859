package provider

import (
	"context"
	"fmt"
	"time"

	dataschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
)

// readable is something of the feed that Terraform can read. It is a data source and
// an ephemeral resource alike: both have these attributes, rules and values, and
// differ only in where Terraform keeps the result.
type readable struct {
	name        string // without the provider's prefix
	description string
	// attributes are those of the data source, which fit the ephemeral resource too.
	attributes map[string]dataschema.Attribute
	// validate checks what the attributes' own validators cannot. Values may be unknown.
	validate func(context.Context, tfsdk.Config) diag.Diagnostics
	// read returns the attributes that the provider fills, by name. Those that it has
	// given to prepare are not among them.
	read func(context.Context, *feed, tfsdk.Config) (map[string]tftypes.Value, diag.Diagnostics)
}

func (r *readable) typeName() string { return TypeName + "_" + r.name }

// result is the whole object that Terraform gets: the configuration as it is, and
// what was read.
func (r *readable) result(ctx context.Context, f *feed, config tfsdk.Config) (tftypes.Value, diag.Diagnostics) {
	if f.diags.HasError() {
		return tftypes.Value{}, f.diags
	}
	read, diags := r.read(ctx, f, config)
	if diags.HasError() {
		return tftypes.Value{}, diags
	}
	attributes := map[string]tftypes.Value{}
	if err := config.Raw.As(&attributes); err != nil {
		diags.AddError("The configuration could not be read", err.Error())
		return tftypes.Value{}, diags
	}
	for name, value := range read {
		attributes[name] = value
	}
	return tftypes.NewValue(config.Schema.Type().TerraformType(ctx), attributes), diags
}

// feed is what the provider hands to everything that reads.
type feed struct {
	client *compliance.Client
	now    func() time.Time
	diags  diag.Diagnostics // why there is no client
}

// configuredFeed takes the feed out of what the framework hands on. It is nil before
// the provider is configured.
func configuredFeed(providerData any) (*feed, diag.Diagnostics) {
	var diags diag.Diagnostics
	if providerData == nil {
		return nil, diags
	}
	f, ok := providerData.(*feed)
	if !ok {
		diags.AddError("The provider handed on something unexpected", fmt.Sprintf("This is a bug of the provider: got %T.", providerData))
	}
	return f, diags
}
