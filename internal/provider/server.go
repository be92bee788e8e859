package provider

import (
	"bytes"
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
)

// NewServer returns the protocol server of this version of the provider: the
// framework's, with a way past it for long lists.
//
// The framework copies, walks and compares every value of a result several times: for
// 10,000 activities that takes four times the CPU of all that Terraform does with them
// (bench/README.md). So a read writes its
// activities as msgpack, the form that the protocol carries, and leaves the attribute
// null; the framework handles the rest of the object; and the server puts the list in
// before it answers.
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
	ctx, written := withEncoded(ctx)
	resp, err := s.ProviderServer.ReadDataSource(ctx, req)
	if err != nil || resp == nil {
		return resp, err
	}
	resp.State, err = written.into(resp.State)
	return resp, err
}

func (s *server) OpenEphemeralResource(ctx context.Context, req *tfprotov6.OpenEphemeralResourceRequest) (*tfprotov6.OpenEphemeralResourceResponse, error) {
	ctx, written := withEncoded(ctx)
	resp, err := s.ProviderServer.OpenEphemeralResource(ctx, req)
	if err != nil || resp == nil {
		return resp, err
	}
	resp.Result, err = written.into(resp.Result)
	return resp, err
}

// encoded is an attribute of a result as msgpack, which bypasses the framework. It is in
// pieces, so that a long list is copied only once, into the answer.
type encoded struct {
	name   string
	pieces [][]byte
}

type encodedKey struct{}

func withEncoded(ctx context.Context) (context.Context, *encoded) {
	e := &encoded{}
	return context.WithValue(ctx, encodedKey{}, e), e
}

// send hands the attribute to the server that called the read. It says false if there is
// none, as with the framework's own server: then the attribute would be missing silently.
func (e encoded) send(ctx context.Context) bool {
	to, ok := ctx.Value(encodedKey{}).(*encoded)
	if ok {
		*to = e
	}
	return ok
}

// into returns the object with the attribute in its place. After a failed read there is
// neither; if the framework fails after a read, the object is null.
func (e *encoded) into(object *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, error) {
	if e.pieces == nil || object == nil {
		return object, nil
	}
	if null, err := object.IsNull(); null || err != nil {
		return object, err
	}
	size := len(object.MsgPack)
	for _, piece := range e.pieces {
		size += len(piece)
	}
	var whole bytes.Buffer // its writes never fail
	whole.Grow(size)
	found, err := e.replace(msgpack.NewDecoder(bytes.NewReader(object.MsgPack)), &whole)
	switch {
	case err != nil:
		return nil, fmt.Errorf("putting %s into the result: %w", e.name, err)
	case !found:
		return nil, fmt.Errorf("the result has no %s", e.name)
	}
	return &tfprotov6.DynamicValue{MsgPack: whole.Bytes()}, nil
}

// replace copies an object, and says whether it has the attribute.
func (e *encoded) replace(object *msgpack.Decoder, whole *bytes.Buffer) (found bool, err error) {
	attributes, err := object.DecodeMapLen()
	if err != nil {
		return false, err
	}
	encoder := msgpack.NewEncoder(whole)
	_ = encoder.EncodeMapLen(attributes)
	for range attributes {
		name, err := object.DecodeString()
		if err != nil {
			return false, err
		}
		value, err := object.DecodeRaw()
		if err != nil {
			return false, err
		}
		_ = encoder.EncodeString(name)
		if name != e.name {
			whole.Write(value)
			continue
		}
		found = true
		for _, piece := range e.pieces {
			whole.Write(piece)
		}
	}
	return found, nil
}
