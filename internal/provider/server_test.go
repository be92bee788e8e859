package provider

import (
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

func TestAttributesInto(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		object any
		read   attributes
		want   any // nil for an error
	}{
		"put in":                {values{"a": "1", "list": nil}, attributes{"list": []string{"x"}, "other": 1}, values{"a": "1", "list": []any{"x"}}},
		"a null object":         {nil, attributes{"list": []string{"x"}}, values(nil)},
		"no object":             {1, attributes{"list": []string{"x"}}, nil},
		"what no one can write": {values{"list": nil}, attributes{"list": func() {}}, nil},
	} {
		encoded, err := msgpack.Marshal(test.object)
		must(err)
		got, err := test.read.into(&tfprotov6.DynamicValue{MsgPack: encoded})
		if test.want == nil || err != nil {
			if test.want != nil || err == nil {
				t.Errorf("%s: got the error %v", name, err)
			}
			continue
		}
		var decoded values
		must(msgpack.Unmarshal(got.MsgPack, &decoded))
		requireEqual(t, name, decoded, test.want)
	}
}
