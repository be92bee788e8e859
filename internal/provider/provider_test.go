package provider

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// Most tests call the provider's protocol server in this process, as an engine would,
// and read a fake feed over a socket. What only an engine can show is in
// engine_test.go.

func TestMain(m *testing.M) {
	// What is set on this machine must not matter. The environment is the same for all
	// tests, so that they can run side by side.
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "ANTHROPIC_") || strings.HasPrefix(name, "TF_") && !strings.HasPrefix(name, "TF_ACC") {
			must(os.Unsetenv(name))
		}
	}
	must(os.Setenv("CHECKPOINT_DISABLE", "1"))
	must(os.Setenv("TF_CLI_CONFIG_FILE", os.DevNull))
	os.Exit(m.Run())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

const (
	testVersion = "1.2.3"
	listName    = TypeName + "_activities"

	// testKey has the form of a real one: a prefix that says its kind, and a secret.
	testKey = "sk-fake-key01-q7XvZ3mT9wKd4LpN8sRbYcHj"

	// pathPrefix comes before /v1 in all tests, to find what forgets it.
	pathPrefix = "/proxy/anthropic"
)

// unknown is a value that is not known yet, as engines send it.
var unknown = msgpack.RawMessage{0xd4, 0, 0}

// values are the attributes of an object by name. What is not in it is null.
type values = map[string]any

// newFake starts a fake feed. It logs no reads of its own unless a test does it by
// hand, since they would change what the next read returns.
func newFake(t testing.TB, options fakeapi.Options) *fakeapi.Server {
	t.Helper()
	options.PathPrefix = pathPrefix
	options.SkipReadLog = true
	if options.Keys == nil {
		options.Keys = map[string]fakeapi.Grant{testKey: {}}
	}
	server := fakeapi.NewServer(options)
	t.Cleanup(server.Close)
	return server
}

// records are activities with the IDs a000, a001, …, a second apart, newest last.
func records(n int) []string {
	texts := make([]string, n)
	start := time.Date(2026, 4, 10, 8, 0, 0, 0, time.UTC)
	for i := range texts {
		texts[i] = fmt.Sprintf(`{"id":"a%03d","created_at":%q,"type":"sso_login_failed"}`, i, start.Add(time.Duration(i)*time.Second).Format(time.RFC3339))
	}
	return texts
}

// newTestProvider is the provider with nothing in its environment.
func newTestProvider() *activityFeedProvider {
	p := newProvider(testVersion)
	p.getenv = environment(nil)
	return p
}

func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// session is a provider that was started, as an engine sees it.
type session struct {
	t      testing.TB
	server tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
}

func start(t testing.TB, p *activityFeedProvider) *session {
	t.Helper()
	server := newServer(p)()
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	must(err)
	requireNone(t, schema.Diagnostics)
	return &session{t: t, server: server, schema: schema}
}

// reading is a session whose provider is configured for a fake: without retries, so
// that faults show at once, and without a pace of its own.
func reading(t testing.TB, fake *fakeapi.Server, config values) *session {
	t.Helper()
	s := start(t, newTestProvider())
	s.configure(withFake(fake, config))
	return s
}

// withEnvironment is a provider with these variables, and nothing else in its environment.
func withEnvironment(t testing.TB, variables map[string]string) *session {
	t.Helper()
	p := newTestProvider()
	p.getenv = environment(variables)
	return start(t, p)
}

func withFake(fake *fakeapi.Server, config values) values {
	all := values{"api_key": testKey, "base_url": fake.URL, "max_retries": 0, "rate_limit_rpm": 0}
	maps.Copy(all, config)
	return all
}

// in is the same session for a subtest.
func (s *session) in(t *testing.T) *session {
	return &session{t: t, server: s.server, schema: s.schema}
}

func (s *session) validateProvider(config values) []*tfprotov6.Diagnostic {
	resp, err := s.server.ValidateProviderConfig(s.t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: encode(s.schema.Provider, config)})
	must(err)
	return resp.Diagnostics
}

// configure fails the test if anything is said but that the feed is on this machine, as a
// fake is: that is for the reads.
func (s *session) configure(config values) {
	s.t.Helper()
	requireNone(s.t, slices.DeleteFunc(s.configured(config), func(d *tfprotov6.Diagnostic) bool { return d.Summary == anotherHost }))
}

func (s *session) configured(config values) []*tfprotov6.Diagnostic {
	resp, err := s.server.ConfigureProvider(s.t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4",
		Config:           encode(s.schema.Provider, config),
	})
	must(err)
	return resp.Diagnostics
}

// validate fails the test unless the data source and the ephemeral resource say the same.
func (s *session) validate(name string, config values) []*tfprotov6.Diagnostic {
	s.t.Helper()
	encoded := encode(s.schema.DataSourceSchemas[name], config)
	resp, err := s.server.ValidateDataResourceConfig(s.t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: name, Config: encoded})
	must(err)
	twin, err := s.server.ValidateEphemeralResourceConfig(s.t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: name, Config: encoded})
	must(err)
	requireEqual(s.t, "diagnostics of the ephemeral resource", render(twin.Diagnostics), render(resp.Diagnostics))
	return resp.Diagnostics
}

// read reads a data source, without validating it first.
func (s *session) read(name string, config values) (values, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	return s.readContext(s.t.Context(), name, config)
}

func (s *session) readContext(ctx context.Context, name string, config values) (values, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	schema := s.schema.DataSourceSchemas[name]
	resp, err := s.server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: encode(schema, config)})
	must(err)
	return s.decode(resp.State, schema), resp.Diagnostics
}

// open opens an ephemeral resource, without validating it first.
func (s *session) open(name string, config values) (values, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	schema := s.schema.EphemeralResourceSchemas[name]
	resp, err := s.server.OpenEphemeralResource(s.t.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: name, Config: encode(schema, config)})
	must(err)
	return s.decode(resp.Result, schema), resp.Diagnostics
}

// mustRead is for reads that have to succeed without a word.
func (s *session) mustRead(name string, config values) values {
	s.t.Helper()
	result, diags := s.read(name, config)
	requireNone(s.t, diags)
	return result
}

// mustOpen is as mustRead.
func (s *session) mustOpen(name string, config values) values {
	s.t.Helper()
	result, diags := s.open(name, config)
	requireNone(s.t, diags)
	return result
}

// list reads compliance_activities.
func (s *session) list(config values) values {
	s.t.Helper()
	return s.mustRead(listName, config)
}

// encode makes an object of Go's own values, as an engine does: what is not in it is null.
func encode(schema *tfprotov6.Schema, object values) *tfprotov6.DynamicValue {
	all := values{}
	for _, attribute := range schema.Block.Attributes {
		all[attribute.Name] = nil
	}
	maps.Copy(all, object)
	text, err := msgpack.Marshal(all)
	must(err)
	return &tfprotov6.DynamicValue{MsgPack: text}
}

// decode fails the test unless the value has exactly the schema's names and types.
func (s *session) decode(encoded *tfprotov6.DynamicValue, schema *tfprotov6.Schema) values {
	s.t.Helper()
	if encoded == nil {
		return nil
	}
	object, _ := decodeAs(s.t, encoded.MsgPack, schema.ValueType()).(values)
	return object
}

func decodeAs(t testing.TB, text []byte, typ tftypes.Type) any {
	t.Helper()
	if _, err := (&tfprotov6.DynamicValue{MsgPack: text}).Unmarshal(typ); err != nil {
		t.Fatalf("the result does not fit the schema: %v", err)
	}
	decoder := msgpack.NewDecoder(bytes.NewReader(text))
	decoder.UseLooseInterfaceDecoding(true)
	value, err := decoder.DecodeInterface()
	must(err)
	return value
}

// ids are those of the activities of a result.
func ids(result values) []string {
	all := []string{}
	for _, activity := range result["activities"].([]any) {
		all = append(all, activity.(values)["id"].(string))
	}
	return all
}

// diagnosticPath is the attribute that a diagnostic is about, as people write it.
func diagnosticPath(d *tfprotov6.Diagnostic) string {
	var text strings.Builder
	if d.Attribute == nil {
		return ""
	}
	for _, step := range d.Attribute.Steps() {
		switch step := step.(type) {
		case tftypes.AttributeName:
			if text.Len() > 0 {
				text.WriteByte('.')
			}
			text.WriteString(string(step))
		case tftypes.ElementKeyValue:
			var key string
			must(tftypes.Value(step).As(&key))
			fmt.Fprintf(&text, "[%s]", key)
		default:
			fmt.Fprintf(&text, "[%v]", step)
		}
	}
	return text.String()
}

// render is a diagnostic as text, for messages and comparisons.
func render(diags []*tfprotov6.Diagnostic) string {
	var text strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&text, "%s: %s\n", d.Severity, d.Summary)
		if at := diagnosticPath(d); at != "" {
			fmt.Fprintf(&text, "at %s\n", at)
		}
		text.WriteString("\n" + d.Detail + "\n")
	}
	return text.String()
}

func requireNone(t testing.TB, diags []*tfprotov6.Diagnostic) {
	t.Helper()
	if len(diags) > 0 {
		t.Fatalf("got diagnostics, want none:\n%s", render(diags))
	}
}

// requireError fails unless there is exactly one error, at this attribute ("" for
// none), with all these texts in it.
func requireError(t testing.TB, diags []*tfprotov6.Diagnostic, at string, texts ...string) {
	t.Helper()
	requireOne(t, diags, tfprotov6.DiagnosticSeverityError, at, texts...)
}

// requireWarning is as requireError.
func requireWarning(t testing.TB, diags []*tfprotov6.Diagnostic, at string, texts ...string) {
	t.Helper()
	requireOne(t, diags, tfprotov6.DiagnosticSeverityWarning, at, texts...)
}

func requireOne(t testing.TB, diags []*tfprotov6.Diagnostic, severity tfprotov6.DiagnosticSeverity, at string, texts ...string) {
	t.Helper()
	if len(diags) != 1 || diags[0].Severity != severity {
		t.Fatalf("got %d diagnostics, want one %s:\n%s", len(diags), severity, render(diags))
	}
	if got := diagnosticPath(diags[0]); got != at {
		t.Errorf("got it at %q, want it at %q:\n%s", got, at, render(diags))
	}
	requireTexts(t, render(diags), texts...)
}

func requireTexts(t testing.TB, text string, want ...string) {
	t.Helper()
	for _, part := range want {
		if !strings.Contains(text, part) {
			t.Errorf("want %q in:\n%s", part, text)
		}
	}
}

// requireEqual compares what fmt shows, which tells nil from "" and 1 from "1".
func requireEqual(t testing.TB, what string, got, want any) {
	t.Helper()
	if got, want := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want); got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// requireAttributes compares these attributes of a result.
func requireAttributes(t testing.TB, got, want values) {
	t.Helper()
	for _, name := range sorted(want) {
		requireEqual(t, name, got[name], want[name])
	}
}

// sorted are the keys of a map.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
