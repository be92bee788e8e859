package provider

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
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
	os.Exit(enginetest.Main(m))
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

	unknown = tftypes.UnknownValue
)

// values are the attributes of an object by name. What is not in it is null.
type values = map[string]any

// newFake starts a fake feed. It logs no reads of its own unless a test does it by
// hand, since they would change what the next read returns.
func newFake(t *testing.T, options fakeapi.Options) *fakeapi.Server {
	t.Helper()
	options.PathPrefix = pathPrefix
	options.SkipReadLog = true
	if options.Keys == nil {
		options.Keys = map[string]fakeapi.Grant{testKey: {Scopes: []string{fakeapi.Scope}}}
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
	t      *testing.T
	server tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
}

func start(t *testing.T, p *activityFeedProvider) *session {
	t.Helper()
	server := newServer(p)()
	schema, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	requireNone(t, schema.Diagnostics)
	return &session{t: t, server: server, schema: schema}
}

// reading is a session whose provider is configured for a fake: without retries, so
// that faults show at once, and without a pace of its own.
func reading(t *testing.T, fake *fakeapi.Server, config values) *session {
	t.Helper()
	s := start(t, newTestProvider())
	s.configure(withFake(fake, config))
	return s
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
	s.t.Helper()
	resp, err := s.server.ValidateProviderConfig(s.t.Context(), &tfprotov6.ValidateProviderConfigRequest{
		Config: s.dynamic(s.schema.Provider.ValueType(), config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.Diagnostics
}

// configure fails the test if anything is said but that the feed is on this machine, as a
// fake is: that is for the reads.
func (s *session) configure(config values) {
	s.t.Helper()
	requireNone(s.t, slices.DeleteFunc(s.configured(config), func(d *tfprotov6.Diagnostic) bool { return d.Summary == anotherHost }))
}

func (s *session) configured(config values) []*tfprotov6.Diagnostic {
	s.t.Helper()
	resp, err := s.server.ConfigureProvider(s.t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.11.4",
		Config:           s.dynamic(s.schema.Provider.ValueType(), config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.Diagnostics
}

func (s *session) validate(name string, config values) []*tfprotov6.Diagnostic {
	s.t.Helper()
	resp, err := s.server.ValidateDataResourceConfig(s.t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{
		TypeName: name,
		Config:   s.dynamic(s.schema.DataSourceSchemas[name].ValueType(), config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.Diagnostics
}

func (s *session) validateEphemeral(name string, config values) []*tfprotov6.Diagnostic {
	s.t.Helper()
	resp, err := s.server.ValidateEphemeralResourceConfig(s.t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{
		TypeName: name,
		Config:   s.dynamic(s.schema.EphemeralResourceSchemas[name].ValueType(), config),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.Diagnostics
}

// read reads a data source, without validating it first.
func (s *session) read(name string, config values) (values, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	return s.readContext(s.t.Context(), name, config)
}

func (s *session) readContext(ctx context.Context, name string, config values) (values, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	typ := s.schema.DataSourceSchemas[name].ValueType()
	resp, err := s.server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: s.dynamic(typ, config)})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.decode(resp.State, typ), resp.Diagnostics
}

// open opens an ephemeral resource, without validating it first.
func (s *session) open(name string, config values) (values, []*tfprotov6.Diagnostic) {
	s.t.Helper()
	typ := s.schema.EphemeralResourceSchemas[name].ValueType()
	resp, err := s.server.OpenEphemeralResource(s.t.Context(), &tfprotov6.OpenEphemeralResourceRequest{TypeName: name, Config: s.dynamic(typ, config)})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.decode(resp.Result, typ), resp.Diagnostics
}

// mustRead is for reads that have to succeed without a word.
func (s *session) mustRead(name string, config values) values {
	s.t.Helper()
	result, diags := s.read(name, config)
	requireNone(s.t, diags)
	if result == nil {
		s.t.Fatal("the result is null")
	}
	return result
}

// mustOpen is as mustRead.
func (s *session) mustOpen(name string, config values) values {
	s.t.Helper()
	result, diags := s.open(name, config)
	requireNone(s.t, diags)
	if result == nil {
		s.t.Fatal("the result is null")
	}
	return result
}

// list reads compliance_activities.
func (s *session) list(config values) values {
	s.t.Helper()
	return s.mustRead(listName, config)
}

func (s *session) dynamic(typ tftypes.Type, object values) *tfprotov6.DynamicValue {
	s.t.Helper()
	dynamic, err := tfprotov6.NewDynamicValue(typ, toTerraform(typ, object))
	if err != nil {
		s.t.Fatal(err)
	}
	return &dynamic
}

// decode fails the test unless the value has exactly the schema's names and types.
func (s *session) decode(dynamic *tfprotov6.DynamicValue, typ tftypes.Type) values {
	s.t.Helper()
	if dynamic == nil {
		return nil
	}
	value, err := dynamic.Unmarshal(typ)
	if err != nil {
		s.t.Fatalf("the result does not fit the schema: %v", err)
	}
	object, _ := fromTerraform(value).(values)
	return object
}

// toTerraform makes a value of Go's own types: string, int, bool, nil, unknown,
// []string, []any and values.
func toTerraform(typ tftypes.Type, value any) tftypes.Value {
	element := func(typ tftypes.Type) tftypes.Type {
		switch typ := typ.(type) {
		case tftypes.Set:
			return typ.ElementType
		case tftypes.List:
			return typ.ElementType
		}
		panic(fmt.Sprintf("%s has no elements", typ))
	}
	switch value := value.(type) {
	case []string:
		all := make([]any, len(value))
		for i := range value {
			all[i] = value[i]
		}
		return toTerraform(typ, all)
	case []any:
		elements := make([]tftypes.Value, len(value))
		for i := range value {
			elements[i] = toTerraform(element(typ), value[i])
		}
		return tftypes.NewValue(typ, elements)
	case values:
		if typ, ok := typ.(tftypes.Map); ok {
			elements := make(map[string]tftypes.Value, len(value))
			for key := range value {
				elements[key] = toTerraform(typ.ElementType, value[key])
			}
			return tftypes.NewValue(typ, elements)
		}
		types := typ.(tftypes.Object).AttributeTypes
		attributes := make(map[string]tftypes.Value, len(types))
		for name := range types {
			attributes[name] = toTerraform(types[name], value[name])
		}
		for name := range value {
			if types[name] == nil {
				panic("no attribute is called " + name)
			}
		}
		return tftypes.NewValue(typ, attributes)
	}
	return tftypes.NewValue(typ, value)
}

// fromTerraform is the way back. Whole numbers come out as int.
func fromTerraform(value tftypes.Value) any {
	switch {
	case !value.IsKnown():
		return unknown
	case value.IsNull():
		return nil
	}
	switch typ := value.Type(); {
	case typ.Is(tftypes.String):
		var text string
		must(value.As(&text))
		return text
	case typ.Is(tftypes.Bool):
		var flag bool
		must(value.As(&flag))
		return flag
	case typ.Is(tftypes.Number):
		var number big.Float
		must(value.As(&number))
		whole, accuracy := number.Int64()
		if accuracy != big.Exact {
			fraction, _ := number.Float64()
			return fraction
		}
		return int(whole)
	case typ.Is(tftypes.Object{}), typ.Is(tftypes.Map{}):
		var attributes map[string]tftypes.Value
		must(value.As(&attributes))
		object := values{}
		for name, attribute := range attributes {
			object[name] = fromTerraform(attribute)
		}
		return object
	}
	var elements []tftypes.Value
	must(value.As(&elements))
	list := make([]any, len(elements))
	for i := range elements {
		list[i] = fromTerraform(elements[i])
	}
	return list
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
			fmt.Fprintf(&text, "[%v]", fromTerraform(tftypes.Value(step)))
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

func requireNone(t *testing.T, diags []*tfprotov6.Diagnostic) {
	t.Helper()
	if len(diags) > 0 {
		t.Fatalf("got diagnostics, want none:\n%s", render(diags))
	}
}

// requireError fails unless there is exactly one error, at this attribute ("" for
// none), with all these texts in it.
func requireError(t *testing.T, diags []*tfprotov6.Diagnostic, at string, texts ...string) {
	t.Helper()
	if len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityError {
		t.Fatalf("got %d diagnostics, want one error:\n%s", len(diags), render(diags))
	}
	if got := diagnosticPath(diags[0]); got != at {
		t.Errorf("got the error at %q, want it at %q:\n%s", got, at, render(diags))
	}
	for _, text := range texts {
		if !strings.Contains(diags[0].Summary+"\n"+diags[0].Detail, text) {
			t.Errorf("want %q in:\n%s", text, render(diags))
		}
	}
}

// requireEqual compares what fmt shows, which tells nil from "" and 1 from "1".
func requireEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if got, want := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want); got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// sorted are the keys of a map.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
