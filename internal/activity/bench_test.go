package activity

import (
	"strings"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// BenchmarkDecodePage decodes as much as the server puts on one page, of all kinds.
func BenchmarkDecodePage(b *testing.B) {
	const pageSize = 5000
	body := pageAround(strings.Join(fakeapi.Generate(fakeapi.Spec{Activities: pageSize, Seed: 1}).All(), ","))
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if page, err := Decode(body); err != nil || len(page.Activities) != pageSize {
			b.Fatal(err)
		}
	}
}
