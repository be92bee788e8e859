package main

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/compliance-feed/terraform-provider-compliance/internal/provider"
)

// Only with the same type are the two providers given the same work.
func TestSchemaIsTheProviders(t *testing.T) {
	t.Parallel()
	shipped, err := provider.NewServer("test")().GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	got, want := activitiesSchema().ValueType(), shipped.DataSourceSchemas["compliance_activities"].ValueType()
	if !got.Equal(want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
