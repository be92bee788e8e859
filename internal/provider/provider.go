// Package provider is the Terraform side: schemas, configuration, validation, and
// the way from activities to Terraform values and from errors to diagnostics.
//
// It is the only package that ships and imports the plugin framework. It sends no request:
// package feed reads the feed. Names and meanings of all arguments and attributes are
// described in docs/, which are generated from here.
package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
)

const (
	// Address is where registries have the provider.
	Address = "registry.terraform.io/compliance-feed/compliance"
	// TypeName is what the names of all its objects begin with.
	TypeName = "compliance"
)

// activityFeedProvider is the provider. Its fields are what a test may replace.
type activityFeedProvider struct {
	version        string
	getenv         func(string) string
	now            func() time.Time
	maxResultBytes int
}

var (
	_ provider.Provider                       = (*activityFeedProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*activityFeedProvider)(nil)
	_ provider.ProviderWithFunctions          = (*activityFeedProvider)(nil)
)

// newProvider returns the provider of this version, as in "1.2.3" or "dev".
func newProvider(version string) *activityFeedProvider {
	return &activityFeedProvider{version: version, getenv: os.Getenv, now: time.Now, maxResultBytes: maxResultBytes}
}

func (p *activityFeedProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = TypeName
	resp.Version = p.version
}

// Schema has attributes of data sources, as ephemeral resources do: all kinds of schema take them.
func (p *activityFeedProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the Activity Feed, the audit log of Anthropic's Compliance API.",
		Attributes: map[string]schema.Attribute{
			"api_key": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "A Compliance Access Key with the scope `read:compliance_activities`, or an Admin API key. " +
					"Default: the first of the environment variables " + keyVariablesMarkdown + " that is set. " +
					"Give it an `ephemeral` variable: one that is only `sensitive` is in clear text in saved plans.",
				Validators: []validator.String{checkedString("a key that can be sent", checkAPIKey)},
			},
			"base_url": stringArgument("The address of the API. Default: the environment variable `"+baseURLVariable+"`, then `"+compliance.DefaultBaseURL+"`. "+
				"`https`, or `http` on a loopback host only. A path in it is kept.",
				checkedString("an https URL", checkBaseURL)),
			"request_timeout": stringArgument(fmt.Sprintf("How long one request and its whole answer may take: a duration such as `%.0fs`, the default.", defaultRequestTimeout.Seconds()),
				durationString(0)),
			"max_retries": numberArgument(fmt.Sprintf("How often the request for a page is sent again after a temporary failure, 0 to 10. Default: %d.", defaultMaxRetries),
				wholeNumber(0, 10, "")),
			"rate_limit_rpm": numberArgument(fmt.Sprintf("The most requests a minute that all reads together may send; 0 for no such limit. "+
				"Default: %d, the server's own limit, which holds in any case.", defaultRateLimitRPM),
				wholeNumber(0, noMaximum, "")),
			"max_concurrent_requests": numberArgument(fmt.Sprintf("The most requests at once, 1 to 16. Default: %d.", defaultMaxConcurrentRequests),
				wholeNumber(1, 16, "")),
			"anthropic_version": stringArgument("The version of the API to ask for. Default: `"+compliance.DefaultVersion+"`.", versionString),
			"key_organization_id": stringArgument("The organization that the key has to belong to, as results name it in `key_organization_id`. "+
				"A read for another one, or that does not say for which, is an error. No environment variable sets it.",
				checkedString("an organization's ID", checkKeyOrganizationID)),
		},
	}
}

// Configure makes the one client that all reads share. If it cannot, the first read says
// why: validate, and a configuration with only functions, need no key. The warning that
// activities come from a host other than the API's is given here, once and not by each read.
func (p *activityFeedProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var model providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	s := &service{
		now: p.now, maxResultBytes: p.maxResultBytes,
		keyOrganizationID: model.KeyOrganizationID.ValueString(), diags: unknownArguments(req.Config),
	}
	resp.DataSourceData, resp.EphemeralResourceData = s, s
	if s.diags.HasError() {
		return
	}
	options := model.options(p.getenv, s)
	if s.diags.HasError() {
		return
	}
	resp.Diagnostics.Append(s.otherHost(options.BaseURL)...)
	options.UserAgent = userAgent(p.version, req.TerraformVersion, p.getenv("TF_APPEND_USER_AGENT"))
	options.Now = p.now // which lookback counts from
	options.Logger = slog.New(logHandler{})
	options.Getenv = p.getenv
	client, err := compliance.New(options)
	if proxy, ok := errors.AsType[*compliance.ProxyVariableError](err); ok {
		s.diags.AddError("The proxy cannot be used", proxyVariableText(proxy))
	} else if err != nil {
		s.diags.AddError("The provider's configuration cannot be used", "This is a bug of the provider: "+err.Error()+".")
	} else {
		goLog.redact(client.Redact)
		s.client = client
	}
}

func (p *activityFeedProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return &dataSource{readable: activities} },
		func() datasource.DataSource { return &dataSource{readable: activitySummary} },
	}
}

func (p *activityFeedProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		func() ephemeral.EphemeralResource { return &ephemeralResource{readable: activities} },
		func() ephemeral.EphemeralResource { return &ephemeralResource{readable: activitySummary} },
	}
}

func (p *activityFeedProvider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{
		func() function.Function { return activityTypesFunction{} },
	}
}

// Resources returns none: an audit log can only be read.
func (p *activityFeedProvider) Resources(context.Context) []func() resource.Resource { return nil }
