package provider

import (
	"bytes"
	"slices"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
)

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

func TestWindowTypeFitsTheSchema(t *testing.T) {
	t.Parallel()
	attribute := activities.attributes["window"].GetType().TerraformType(t.Context())
	if !windowType.Equal(attribute) {
		t.Errorf("got %s, want %s", windowType, attribute)
	}
}
