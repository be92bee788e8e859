package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// Under the framework's own server the activities would be missing without a word.
func TestFrameworkAloneIsAnError(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(1)...)})
	s := start(t, newTestProvider())
	s.server = providerserver.NewProtocol6(newTestProvider())()
	s.configure(withFake(fake, nil))
	result, diags := s.read(listName, values{})
	requireError(t, diags, "", "could not be handed to Terraform")
	requireEqual(t, "activities", result["activities"], nil)
	result, diags = s.open(listName, values{})
	requireError(t, diags, "", "could not be handed to Terraform")
	requireEqual(t, "activities of the ephemeral resource", result["activities"], nil)
}

func TestEncodedInto(t *testing.T) {
	t.Parallel()
	object := func(attributes map[string]any) *tfprotov6.DynamicValue {
		text, err := msgpack.Marshal(attributes)
		if err != nil {
			t.Fatal(err)
		}
		return &tfprotov6.DynamicValue{MsgPack: text}
	}
	pieces := [][]byte{{0x92}, {0xa1, 'x'}, {0xa1, 'y'}} // ["x", "y"]
	for name, test := range map[string]struct {
		encoded *encoded
		object  *tfprotov6.DynamicValue
		want    string // of the decoded object
		fails   string
	}{
		"put in":                 {encoded: &encoded{"list", pieces}, object: object(map[string]any{"a": 1, "list": nil}), want: `map[a:1 list:[x y]]`},
		"nothing encoded":        {encoded: &encoded{}, object: object(map[string]any{"list": nil}), want: `map[list:<nil>]`},
		"no object":              {encoded: &encoded{"list", pieces}, want: "<nil>"},
		"no such attribute":      {encoded: &encoded{"list", pieces}, object: object(map[string]any{"a": 1}), fails: "no list"},
		"a null object":          {encoded: &encoded{"list", pieces}, object: object(nil), want: "map[]"},
		"an object that is none": {encoded: &encoded{"list", pieces}, object: &tfprotov6.DynamicValue{MsgPack: []byte{0xc1}}, fails: "putting list"},
		"an object cut short":    {encoded: &encoded{"list", pieces}, object: &tfprotov6.DynamicValue{MsgPack: []byte{0x81, 0xa4, 'l'}}, fails: "putting list"},
		"a value cut short":      {encoded: &encoded{"list", pieces}, object: &tfprotov6.DynamicValue{MsgPack: []byte{0x81, 0xa1, 'l', 0xa9}}, fails: "putting list"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.encoded.into(test.object)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Fatalf("got the error %v, want one about %q", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got == nil {
				requireEqual(t, "object", "<nil>", test.want)
				return
			}
			var decoded map[string]any
			if err := msgpack.Unmarshal(got.MsgPack, &decoded); err != nil {
				t.Fatal(err)
			}
			requireEqual(t, "object", fmt.Sprint(decoded), test.want)
		})
	}
}
