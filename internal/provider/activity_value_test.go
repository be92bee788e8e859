package provider

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
)

// The guard against results too large for the protocol counts these bytes.
func TestActivityListBytes(t *testing.T) {
	t.Parallel()
	for n, header := range map[int]int{0: 1, 15: 1, 16: 3, 1 << 16: 5} { // msgpack's headers of lists
		list := newActivityList()
		for left := n; left > 0; left -= 5000 {
			list.add(feed.Batch{Activities: make([]activity.Activity, min(left, 5000))})
		}
		written, err := msgpack.Marshal(list)
		must(err)
		requireEqual(t, "bytes", list.bytes, len(written)-header)
		got := decodeAs(t, written, types.ListType{ElemType: activityType}.TerraformType(t.Context()))
		requireEqual(t, "activities", len(got.([]any)), n)
	}
}
