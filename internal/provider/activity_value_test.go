package provider

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
)

// decodeList is strict: names and types have to be those of the schema, none more, none less.
func decodeList(t *testing.T, written []byte) []any {
	t.Helper()
	typ := types.ListType{ElemType: activityType}.TerraformType(t.Context())
	value, err := (&tfprotov6.DynamicValue{MsgPack: written}).Unmarshal(typ)
	if err != nil {
		t.Fatalf("what is written does not fit the schema: %v", err)
	}
	return fromTerraform(value).([]any)
}

func TestActivityListFitsTheSchema(t *testing.T) {
	t.Parallel()
	// Each field of full holds the name of its attribute.
	wantFull, wantActor := values{"extra": `{"more":1}`}, values{"extra": `{"more":2}`}
	for _, field := range activity.ActorFields {
		wantActor[field.Name] = field.Name
	}
	for _, field := range activity.Fields {
		wantFull[field.Name] = field.Name
	}
	record := func(fields values, more string) string {
		var members []string
		for _, name := range sorted(fields) {
			if name != "extra" {
				members = append(members, fmt.Sprintf("%q:%q", name, name))
			}
		}
		return "{" + strings.Join(members, ",") + "," + more + "}"
	}
	page, err := activity.Decode([]byte(`{"has_more":false,"data":[` + record(wantFull, `"more":1,"actor":`+record(wantActor, `"more":2`)) + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	full := page.Activities[0]
	wantFull["actor"] = wantActor
	empty := activity.Activity{ID: "id", CreatedAt: "created_at", Type: "type", Extra: "{}", Actor: &activity.Actor{Extra: "{}"}}
	noActor := activity.Activity{ID: "id", CreatedAt: "created_at", Type: "type", Extra: "{}"}

	list := newActivityList()
	list.add(feed.Batch{Activities: []activity.Activity{full, empty, noActor}})
	got := decodeList(t, slices.Concat(list.pieces()...))

	wantEmpty := activityWith(values{"id": "id", "created_at": "created_at", "type": "type", "actor": actor(nil)})
	wantNoActor := activityWith(values{"id": "id", "created_at": "created_at", "type": "type"})
	requireEqual(t, "activities", got, []any{wantFull, wantEmpty, wantNoActor})
}

// The guard against results too large for the protocol counts these bytes.
func TestActivityListBytes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 15, 16, 1 << 16} { // the lengths of msgpack's three headers
		list := newActivityList()
		for left := n; left > 0; left -= 5000 {
			list.add(feed.Batch{Activities: make([]activity.Activity, min(left, 5000))})
		}
		written := slices.Concat(list.pieces()...)
		header := 1
		if n > 15 {
			header = 3
		}
		if n > 1<<16-1 {
			header = 5
		}
		requireEqual(t, "bytes", list.bytes, len(written)-header)
		count, err := msgpack.NewDecoder(bytes.NewReader(written)).DecodeArrayLen()
		if err != nil {
			t.Fatal(err)
		}
		requireEqual(t, "activities", count, n)
	}
}

// pageBytes is how large the activities of a fake's first page are on their way to Terraform.
func pageBytes(t *testing.T, fake *fakeapi.Server, limit int) int {
	t.Helper()
	client, err := compliance.New(compliance.Options{APIKey: testKey, BaseURL: fake.URL, RequestTimeout: defaultReadTimeout, RequestsAtOnce: 1})
	if err != nil {
		t.Fatal(err)
	}
	c := &activitiesCollector{about: readContext{maxResultBytes: maxResultBytes}}
	if _, err := feed.New(client).Read(t.Context(), feed.Request{MaxActivities: limit}, c); err != nil {
		t.Fatal(err)
	}
	return c.list.bytes
}

func TestWindowTypeFitsTheSchema(t *testing.T) {
	t.Parallel()
	attribute := activities.attributes["window"].GetType().TerraformType(t.Context())
	if !windowType.Equal(attribute) {
		t.Errorf("got %s, want %s", windowType, attribute)
	}
}
