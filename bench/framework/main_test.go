package main

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/compliance-feed/terraform-provider-compliance/internal/provider"
)

// Only with the same type are the two providers given the same work.
func TestSchemaIsTheProviders(t *testing.T) {
	t.Parallel()
	typeOf := func(server tfprotov6.ProviderServer) tftypes.Type {
		schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return schema.DataSourceSchemas["compliance_activities"].ValueType()
	}
	got, want := typeOf(providerserver.NewProtocol6(usual{})()), typeOf(provider.NewServer("test")())
	if !got.Equal(want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
