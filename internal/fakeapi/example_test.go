package fakeapi_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// A feed of a thousand, read in process; the second page fails once.
func Example() {
	api := fakeapi.New(fakeapi.Options{
		Feed:        fakeapi.Generate(fakeapi.Spec{Activities: 1000, Span: 24 * time.Hour}),
		SkipReadLog: true,
	})
	overloaded := api.Inject(fakeapi.Times(1, fakeapi.Page(2)), fakeapi.Overloaded())

	client := &http.Client{Transport: api.Transport()}
	req, err := http.NewRequest(http.MethodGet, "http://fake.example.com/v1/compliance/activities?limit=400", nil)
	if err != nil {
		panic(err)
	}
	req.Header.Set("x-api-key", fakeapi.Key)
	req.Header.Set("anthropic-version", fakeapi.Version)
	resp, err := client.Do(req)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()

	first := api.Requests()[0]
	fmt.Println(first.Page, first.Status, first.Activities, first.Query.Get("limit"))
	fmt.Println(overloaded.Fired())
	// Output:
	// 1 200 400 400
	// 0
}
