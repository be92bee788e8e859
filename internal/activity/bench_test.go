package activity

import (
	"encoding/json"
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
	request.Header.Set("Anthropic-Version", fakeapi.Version)
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
	for _, decoder := range []struct {
		name   string
		decode func(body []byte) (activities int, err error)
	}{
		{"ours", func(body []byte) (int, error) {
			page, err := Decode(body)
			if err != nil {
				return 0, err
			}
			return len(page.Activities), nil
		}},
		{"encoding_json", decodeStructs},
		{"encoding_json_with_extra", decodeStructsAndExtra},
	} {
		b.Run(decoder.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if n, err := decoder.decode(body); n != pageSize || err != nil {
					b.Fatalf("got %d activities and error %v", n, err)
				}
			}
		})
	}
}

type jsonActivity struct {
	ID               string     `json:"id"`
	CreatedAt        string     `json:"created_at"`
	Type             string     `json:"type"`
	OrganizationID   *string    `json:"organization_id"`
	OrganizationUUID *string    `json:"organization_uuid"`
	Actor            *jsonActor `json:"actor"`
}

type jsonActor struct {
	Type                        *string `json:"type"`
	UserID                      *string `json:"user_id"`
	EmailAddress                *string `json:"email_address"`
	UnauthenticatedEmailAddress *string `json:"unauthenticated_email_address"`
	APIKeyID                    *string `json:"api_key_id"`
	AdminAPIKeyID               *string `json:"admin_api_key_id"`
	ServiceAccountID            *string `json:"service_account_id"`
	IPAddress                   *string `json:"ip_address"`
	UserAgent                   *string `json:"user_agent"`
	DirectoryID                 *string `json:"directory_id"`
	IDPConnectionType           *string `json:"idp_connection_type"`
	WorkOSEventID               *string `json:"workos_event_id"`
}

// decodeStructs is the usual way, which drops every unknown member.
func decodeStructs(body []byte) (int, error) {
	var page struct {
		Data []jsonActivity `json:"data"`
	}
	err := json.Unmarshal(body, &page)
	return len(page.Data), err
}

// decodeStructsAndExtra keeps the unknown members, with a second look at each activity,
// though not their order.
func decodeStructsAndExtra(body []byte) (int, error) {
	var page struct {
		Data []json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return 0, err
	}
	for _, text := range page.Data {
		var activity jsonActivity
		if err := json.Unmarshal(text, &activity); err != nil {
			return 0, err
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			return 0, err
		}
		for _, known := range []string{"id", "created_at", "type", "organization_id", "organization_uuid", "actor"} {
			delete(members, known)
		}
		if _, err := json.Marshal(members); err != nil {
			return 0, err
		}
	}
	return len(page.Data), nil
}
