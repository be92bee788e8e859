package activity

import (
	"io"
	"net/http"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// pageSize is the most that the server puts on one page.
const pageSize = 5000

// benchPage is the body of a full page, of activities of all kinds.
func benchPage(b *testing.B) []byte {
	b.Helper()
	api := fakeapi.New(fakeapi.Options{Feed: fakeapi.Generate(fakeapi.Spec{Activities: pageSize, Seed: 1}), SkipReadLog: true})
	request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "https://feed.example.com/v1/compliance/activities?limit=5000", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("X-Api-Key", fakeapi.Key)
	response, err := api.Transport().RoundTrip(request)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		b.Fatalf("%s: %v", body, err)
	}
	return body
}

func BenchmarkDecodePage(b *testing.B) {
	body := benchPage(b)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if page, err := Decode(body); err != nil || len(page.Activities) != pageSize {
			b.Fatal(err)
		}
	}
}
