package provider

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
)

// Writing activities down for Terraform, a page of them at a time.
func BenchmarkActivityList(b *testing.B) {
	batch := feed.Batch{Activities: decodeRecords(b, slices.Repeat(published(b), 40)...)}
	c := &activitiesCollector{about: readContext{service: &service{maxResultBytes: maxResultBytes}}}
	b.ReportAllocs()
	for b.Loop() {
		c.Begin()
		_ = c.Add(batch)
		b.SetBytes(int64(c.list.bytes))
	}
}

// A read from the request of the engine to its answer: HTTP over a socket, decoding,
// values. The time of the fake is part of it.
func BenchmarkRead(b *testing.B) {
	const activities = 50_000
	for _, name := range []string{listName, summaryName} {
		b.Run(fmt.Sprintf("%s/%d", name, activities), func(b *testing.B) {
			s := reading(b, newFake(b, fakeapi.Options{Feed: fakeapi.Generate(fakeapi.Spec{Activities: activities, Seed: 1}), RateLimit: 1_000_000}), nil)
			b.ReportAllocs()
			for b.Loop() {
				benchRead(b, s, name, nil)
			}
			b.ReportMetric(float64(b.N)*activities/b.Elapsed().Seconds(), "activities/s")
		})
	}
}

// benchRead does not decode the result.
func benchRead(b *testing.B, s *session, name string, config values) {
	b.Helper()
	response, err := s.server.ReadDataSource(b.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: encode(s.schema.DataSourceSchemas[name], config)})
	must(err)
	requireNone(b, response.Diagnostics)
}

// An argument with thousands of values, from the request of the engine on, of a feed with
// nothing in it. The time has to grow with their number and not with its square.
func BenchmarkExceptArgument(b *testing.B) {
	for _, n := range []int{2_500, 5_000, 10_000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := reading(b, newFake(b, fakeapi.Options{RateLimit: 1_000_000}), nil)
			addresses := make([]string, n)
			for i := range addresses {
				addresses[i] = fmt.Sprintf("10.%d.%d.0/24", i/200, i%200)
			}
			config := values{"except": []any{values{"actor.ip_address": addresses}}}
			for b.Loop() {
				requireNone(b, s.validate(summaryName, config))
				benchRead(b, s, summaryName, config)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "us/value")
		})
	}
}
