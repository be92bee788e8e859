//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/provider"
)

// variant is a way to get activities into a plan.
type variant struct {
	name          string // in the table
	configuration string
	only          int  // the one number of activities that it can be asked for, or 0
	apply         bool // first, to know the size of the state
	again         bool // plan with the state of a variant before it, of the same configuration
}

// The addresses of the providers, and the packages that they are built from.
const (
	module = "github.com/compliance-feed/terraform-provider-compliance"

	thisSource       = "bench.test/this/compliance"
	bareSource       = "bench.test/bare/compliance"
	barePackage      = module + "/bench/bare"
	frameworkSource  = "bench.test/framework/compliance"
	frameworkPackage = module + "/bench/framework"
	httpSource       = "bench.test/hashicorp/http"
)

// variants are what is compared, in the order of the table. That with data "http" comes
// with its provider.
var (
	this      = variant{name: "this provider", configuration: list(thisSource), apply: true}
	thisAgain = variant{name: "this provider, next plan", configuration: this.configuration, again: true}
	bare      = variant{name: "bare server", configuration: list(bareSource)}
	framework = variant{name: "`State.Set`", configuration: list(frameworkSource)}
	httpPage  = variant{name: "`data \"http\"`", configuration: onePage, apply: true, only: compliance.MaxPageSize}
)

// list reads the whole feed, with a provider that has this data source.
func list(source string) string {
	return requiring(source) + `
data "compliance_activities" "all" {}

output "activities" {
  value = length(data.compliance_activities.all.activities)
}
`
}

var onePage = requiring(httpSource) + `
variable "base_url" {
  type = string
}

data "http" "page" {
  url = "${var.base_url}/v1/compliance/activities?limit=5000"
  request_headers = {
    accept            = "application/json"
    anthropic-version = "` + fakeapi.Version + `"
    x-api-key         = "` + fakeapi.Key + `"
  }
}

output "activities" {
  value = length(jsondecode(data.http.page.body).data)
}
`

// summary counts the whole feed, with so many requests at once.
func summary(atOnce int) string {
	return requiring(thisSource) + fmt.Sprintf(`
provider "compliance" {
  max_concurrent_requests = %d
}

data "compliance_activity_summary" "all" {
  created_at_gte = "2026-08-01T00:00:00Z"
  created_at_lt  = "2026-09-02T00:00:00Z"
}

output "activities" {
  value = data.compliance_activity_summary.all.total
}
`, atOnce)
}

func requiring(source string) string {
	return fmt.Sprintf("terraform {\n  required_providers {\n    %s = {\n      source = %q\n    }\n  }\n}\n", path.Base(source), source)
}

// feed is a fake feed with what a run needs to read it.
type feed struct {
	*fakeapi.Server
	activities int
	variables  []string
}

// newFeed starts a feed; the caller closes it. The result of reading it is stored in
// the folder, for the bare server, where there is a folder.
func newFeed(ctx context.Context, options fakeapi.Options, activities int, folder string) (*feed, error) {
	options.Feed = fakeapi.Generate(fakeapi.Spec{Activities: activities, Seed: 1})
	options.SkipReadLog = true
	f := &feed{Server: fakeapi.NewServer(options), activities: activities}
	f.variables = []string{"ANTHROPIC_COMPLIANCE_BASE_URL=" + f.URL, "TF_VAR_base_url=" + f.URL}
	if folder == "" {
		return f, nil
	}
	result, err := capture(ctx, f.URL)
	file := filepath.Join(folder, fmt.Sprintf("result-%d.msgpack", activities))
	if err == nil {
		err = os.WriteFile(file, result, 0o600)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	f.variables = append(f.variables, "BENCH_RESULT="+file)
	return f, nil
}

// capture reads the whole feed with this provider, in this process, and returns the
// result as it would cross the plugin protocol.
func capture(ctx context.Context, baseURL string) ([]byte, error) {
	server := provider.NewServer("bench")()
	schema, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	configuration, err := object(schema.Provider, map[string]string{"api_key": fakeapi.Key, "base_url": baseURL})
	if err != nil {
		return nil, err
	}
	configured, err := server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{Config: configuration})
	if err != nil {
		return nil, err
	}
	const name = "compliance_activities"
	all, err := object(schema.DataSourceSchemas[name], nil)
	if err != nil {
		return nil, err
	}
	read, err := server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: all})
	if err != nil {
		return nil, err
	}
	for _, diagnostic := range slices.Concat(configured.Diagnostics, read.Diagnostics) {
		if diagnostic.Severity == tfprotov6.DiagnosticSeverityError { // a warning says that this is another host than the API's
			return nil, fmt.Errorf("%s: %s", diagnostic.Summary, diagnostic.Detail)
		}
	}
	return read.State.MsgPack, nil
}

// object is a configuration in which only these strings are set.
func object(schema *tfprotov6.Schema, texts map[string]string) (*tfprotov6.DynamicValue, error) {
	attributes := map[string]tftypes.Value{}
	for _, attribute := range schema.Block.Attributes {
		attributes[attribute.Name] = tftypes.NewValue(attribute.ValueType(), nil)
	}
	for name, text := range texts {
		attributes[name] = tftypes.NewValue(tftypes.String, text)
	}
	value, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), attributes))
	return &value, err
}

// plan runs a plan, as if for the first time or with the state of the last apply, and
// checks that it has seen all activities.
func (w *workspace) plan(ctx context.Context, f *feed, again bool) (*usage, error) {
	says := fmt.Sprintf("+ activities = %d\n", f.activities)
	if again {
		says = "No changes."
		if err := os.Link(w.file(appliedState), w.file(state)); err != nil {
			return nil, err
		}
		defer os.Remove(w.file(state))
	}
	u, err := w.run(ctx, f.variables, "plan", "-input=false", "-no-color")
	if err == nil && !strings.Contains(u.output, says) {
		err = fmt.Errorf("the plan does not say %q:\n%s", says, u.output)
	}
	return u, err
}

// state is where the engine looks for the state, appliedState where it is kept meanwhile.
const (
	state        = "terraform.tfstate"
	appliedState = "applied.tfstate"
)

// apply makes a new state, puts it aside for plan and returns its size in bytes.
func (w *workspace) apply(ctx context.Context, f *feed) (int64, error) {
	if _, err := w.run(ctx, f.variables, "apply", "-input=false", "-no-color", "-auto-approve"); err != nil {
		return 0, err
	}
	if err := os.Rename(w.file(state), w.file(appliedState)); err != nil {
		return 0, err
	}
	info, err := os.Stat(w.file(appliedState))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
