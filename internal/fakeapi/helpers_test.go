package fakeapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// A caller sends requests to an API.
type caller struct {
	client *http.Client
	base   string
	key    string
}

func inProcess(api *fakeapi.API) caller {
	return caller{&http.Client{Transport: api.Transport()}, "http://fake.example.com", fakeapi.Key}
}

func (c caller) request(t *testing.T, query string) *http.Request {
	t.Helper()
	target := c.base + "/v1/compliance/activities"
	if query != "" {
		target += "?" + query
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", c.key)
	return req
}

// An answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string

	Data    []json.RawMessage
	HasMore bool    `json:"has_more"`
	FirstID *string `json:"first_id"`
	LastID  *string `json:"last_id"`

	Type      string
	Error     struct{ Type, Message string }
	RequestID string `json:"request_id"`
}

func (c caller) do(t *testing.T, req *http.Request) answer {
	t.Helper()
	a, err := c.try(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	if err := json.Unmarshal([]byte(a.body), &a); err != nil {
		t.Fatalf("%s %s: %v in %.300s", req.Method, req.URL, err, a.body)
	}
	return a
}

// try returns what was read before the error, too.
func (c caller) try(req *http.Request) (answer, error) {
	resp, err := c.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(body)}, err
}

func (c caller) get(t *testing.T, query string) answer {
	t.Helper()
	return c.do(t, c.request(t, query))
}

func (a answer) ids(t *testing.T) []string {
	t.Helper()
	ids := []string{}
	for _, raw := range a.Data {
		ids = append(ids, decode(t, raw).ID)
	}
	return ids
}

// walk reads all pages, forward with after_id or backward with before_id from
// a cursor ("" for none), and returns the IDs of each page.
func (c caller) walk(t *testing.T, query, direction, cursor string) [][]string {
	t.Helper()
	var pages [][]string
	for range 1000 {
		q := query
		if cursor != "" {
			q += "&" + direction + "=" + url.QueryEscape(cursor)
		}
		a := c.get(t, strings.TrimPrefix(q, "&"))
		if a.status != http.StatusOK {
			t.Fatalf("%s: got status %d: %s", q, a.status, a.body)
		}
		pages = append(pages, a.ids(t))
		if !a.HasMore {
			return pages
		}
		cursor = *a.LastID
		if direction == "before_id" {
			cursor = *a.FirstID
		}
	}
	t.Fatalf("%s: no end after 1000 pages", query)
	return nil
}

// An activity is what tests look at.
type activity struct {
	ID               string
	CreatedAt        time.Time `json:"created_at"`
	Type             string
	OrganizationID   *string `json:"organization_id"`
	OrganizationUUID *string `json:"organization_uuid"`
	Actor            struct {
		Type   string
		UserID string `json:"user_id"`
	}
}

func decode(t *testing.T, raw []byte) activity {
	t.Helper()
	var a activity
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Fatalf("%v in %.300s", err, raw)
	}
	return a
}

// record is the text of a small activity.
func record(id, createdAt, activityType string) string {
	return fmt.Sprintf(`{"id":%q,"created_at":%q,"organization_id":null,"organization_uuid":null,"actor":{"type":"anthropic_actor","email_address":null},"type":%q}`,
		id, createdAt, activityType)
}

// records are n activities, a second apart, with the IDs a00, a01, ... from old to new.
func records(n int) []string {
	texts := make([]string, n)
	for i := range texts {
		created := time.Date(2026, 5, 1, 0, 0, i, 0, time.UTC)
		texts[i] = record(fmt.Sprintf("a%02d", i), created.Format(time.RFC3339), "claude_chat_created")
	}
	return texts
}

func quiet(activities ...string) fakeapi.Options {
	return fakeapi.Options{Feed: fakeapi.NewFeed(activities...), SkipReadLog: true}
}
