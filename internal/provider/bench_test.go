package provider

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
)

// Writing activities down for Terraform, a page of them at a time.
func BenchmarkActivityList(b *testing.B) {
	api := fakeapi.New(fakeapi.Options{Feed: benchFeed(compliance.MaxPageSize), SkipReadLog: true})
	client, err := compliance.New(compliance.Options{
		APIKey:         fakeapi.Key,
		BaseURL:        "https://feed.example.com",
		RequestTimeout: time.Minute,
		RequestsAtOnce: 1,
		Transport:      api.Transport(),
	})
	if err != nil {
		b.Fatal(err)
	}
	c := &activitiesCollector{about: readContext{maxResultBytes: maxResultBytes}}
	if _, err := feed.New(client).Read(b.Context(), feed.Request{}, batches(func(batch feed.Batch) {
		b.ReportAllocs()
		for b.Loop() {
			c.Begin()
			_ = c.Add(batch)
			b.SetBytes(int64(c.list.bytes))
		}
	})); err != nil {
		b.Fatal(err)
	}
}

// batches is a sink.
type batches func(feed.Batch)

func (batches) Begin() {}

func (f batches) Add(batch feed.Batch) error {
	f(batch)
	return nil
}

// A read from the request of the engine to its answer: HTTP over a socket, decoding,
// values. The time of the fake is part of it.
func BenchmarkRead(b *testing.B) {
	for _, test := range []struct {
		name       string
		activities int
	}{
		{"compliance_activities", 50_000},
		{"compliance_activity_summary", 50_000},
	} {
		b.Run(fmt.Sprintf("%s/%d", test.name, test.activities), func(b *testing.B) {
			fake := fakeapi.NewServer(fakeapi.Options{Feed: benchFeed(test.activities), SkipReadLog: true, RateLimit: 1_000_000})
			defer fake.Close()
			server, schema := benchServer(b, fake.URL)
			request := &tfprotov6.ReadDataSourceRequest{TypeName: test.name, Config: benchConfig(b, schema.DataSourceSchemas[test.name], nil)}
			b.ReportAllocs()
			for b.Loop() {
				response, err := server.ReadDataSource(b.Context(), request)
				if err != nil || len(response.Diagnostics) > 0 {
					b.Fatalf("error %v, diagnostics %s", err, render(response.Diagnostics))
				}
			}
			b.ReportMetric(float64(b.N)*float64(test.activities)/b.Elapsed().Seconds(), "activities/s")
		})
	}
}

func benchFeed(activities int) *fakeapi.Feed {
	return fakeapi.Generate(fakeapi.Spec{Activities: activities, Seed: 1})
}

// benchServer is this provider's protocol server, configured for a feed.
func benchServer(b *testing.B, baseURL string) (tfprotov6.ProviderServer, *tfprotov6.GetProviderSchemaResponse) {
	b.Helper()
	server := NewServer("bench")()
	schema, err := server.GetProviderSchema(b.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		b.Fatal(err)
	}
	response, err := server.ConfigureProvider(b.Context(), &tfprotov6.ConfigureProviderRequest{
		Config: benchConfig(b, schema.Provider, map[string]tftypes.Value{
			"api_key":        tftypes.NewValue(tftypes.String, fakeapi.Key),
			"base_url":       tftypes.NewValue(tftypes.String, baseURL),
			"rate_limit_rpm": tftypes.NewValue(tftypes.Number, 0),
		}),
	})
	if err != nil || slices.ContainsFunc(response.Diagnostics, func(d *tfprotov6.Diagnostic) bool { return d.Summary != anotherHost }) {
		b.Fatalf("error %v, diagnostics %s", err, render(response.Diagnostics))
	}
	return server, schema
}

// benchConfig is a configuration in which all but these attributes are null.
func benchConfig(b *testing.B, schema *tfprotov6.Schema, attributes map[string]tftypes.Value) *tfprotov6.DynamicValue {
	b.Helper()
	all := map[string]tftypes.Value{}
	for _, attribute := range schema.Block.Attributes {
		value, set := attributes[attribute.Name]
		if !set {
			value = tftypes.NewValue(attribute.ValueType(), nil)
		}
		all[attribute.Name] = value
	}
	config, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), all))
	if err != nil {
		b.Fatal(err)
	}
	return &config
}

// An argument with thousands of values, from the request of the engine on, of a feed with
// nothing in it. The time has to grow with their number and not with its square.
func BenchmarkExceptArgument(b *testing.B) {
	for _, n := range []int{2_500, 5_000, 10_000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			fake := fakeapi.NewServer(fakeapi.Options{SkipReadLog: true, RateLimit: 1_000_000})
			defer fake.Close()
			server, schema := benchServer(b, fake.URL)
			addresses := make([]tftypes.Value, n)
			for i := range addresses {
				addresses[i] = tftypes.NewValue(tftypes.String, fmt.Sprintf("10.%d.%d.0/24", i/200, i%200))
			}
			list := tftypes.List{ElementType: tftypes.String}
			entries := tftypes.Map{ElementType: list}
			argument := tftypes.NewValue(tftypes.List{ElementType: entries}, []tftypes.Value{
				tftypes.NewValue(entries, map[string]tftypes.Value{"actor.ip_address": tftypes.NewValue(list, addresses)}),
			})
			config := benchConfig(b, schema.DataSourceSchemas["compliance_activity_summary"], map[string]tftypes.Value{"except": argument})
			for b.Loop() {
				validated, err := server.ValidateDataResourceConfig(b.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: "compliance_activity_summary", Config: config})
				if err != nil || len(validated.Diagnostics) > 0 {
					b.Fatalf("error %v, diagnostics %s", err, render(validated.Diagnostics))
				}
				response, err := server.ReadDataSource(b.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "compliance_activity_summary", Config: config})
				if err != nil || len(response.Diagnostics) > 0 {
					b.Fatalf("error %v, diagnostics %s", err, render(response.Diagnostics))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "us/value")
		})
	}
}
