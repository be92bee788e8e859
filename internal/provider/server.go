package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
)

// NewServer returns the protocol server of this version of the provider: the
// framework's, with a way past it for what was read.
//
// The framework copies, walks and compares every value of a result several times: for
// 10,000 activities that takes four times the CPU of all that Terraform does with them
// (bench/README.md). So a read leaves its attributes null and hands them over as Go has them;
// the framework handles the arguments; and the server writes the attributes as msgpack, the
// form that the protocol carries, into the answer.
func NewServer(version string) func() tfprotov6.ProviderServer {
	return newServer(newProvider(version))
}

func newServer(p *activityFeedProvider) func() tfprotov6.ProviderServer {
	framework := providerserver.NewProtocol6(p)
	return func() tfprotov6.ProviderServer { return &server{ProviderServer: framework()} }
}

type server struct {
	tfprotov6.ProviderServer
}

func (s *server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	var read attributes
	resp, err := s.ProviderServer.ReadDataSource(context.WithValue(ctx, attributesKey{}, &read), req)
	if err == nil && read != nil {
		resp.State, err = read.into(resp.State)
	}
	return resp, err
}

func (s *server) OpenEphemeralResource(ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	var read attributes
	resp, err := s.ProviderServer.OpenEphemeralResource(context.WithValue(ctx, attributesKey{}, &read), req)
	if err == nil && read != nil {
		resp.Result, err = read.into(resp.Result)
	}
	return resp, err
}

// attributes are those of a result, by name, as package msgpack can write them.
type attributes map[string]any

type attributesKey struct{}

// send hands the attributes to the server that called the read. It says false if there is
// none, as with the framework's own server: then they would be missing silently.
func (a attributes) send(ctx context.Context) bool {
	to, ok := ctx.Value(attributesKey{}).(*attributes)
	if ok {
		*to = a
	}
	return ok
}

// into returns the object with the attributes in their places. It is null if the framework
// failed after the read.
func (a attributes) into(object *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, error) {
	var members map[string]msgpack.RawMessage
	if err := msgpack.Unmarshal(object.MsgPack, &members); err != nil || members == nil {
		return object, err
	}
	var whole bytes.Buffer // its writes never fail
	if list, ok := a["activities"].(*activityList); ok {
		whole.Grow(len(object.MsgPack) + list.bytes + 1<<10) // so that a long list is copied once
	}
	encoder := msgpack.NewEncoder(&whole)
	_ = encoder.EncodeMapLen(len(members))
	for name, argument := range members {
		var value any = argument
		if read, ok := a[name]; ok {
			value = read
		}
		if err := errors.Join(encoder.EncodeString(name), encoder.Encode(value)); err != nil {
			return nil, fmt.Errorf("putting %s into the result: %w", name, err)
		}
	}
	return &tfprotov6.DynamicValue{MsgPack: whole.Bytes()}, nil
}
