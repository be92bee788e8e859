package provider

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// keyVariables are asked for the API key in this order.
var keyVariables = []string{"ANTHROPIC_COMPLIANCE_API_KEY", "ANTHROPIC_COMPLIANCE_ACCESS_KEY", "ANTHROPIC_ADMIN_KEY"}

var keyVariablesMarkdown = "`" + strings.Join(keyVariables, "`, `") + "`"

// The defaults that the schema's descriptions name.
const (
	defaultRequestTimeout        = time.Minute
	defaultMaxRetries            = 3
	defaultRateLimitRPM          = 600
	defaultMaxConcurrentRequests = 8
)

const baseURLVariable = "ANTHROPIC_COMPLIANCE_BASE_URL"

// whereKeysAreMade is the end of messages about keys that are missing or refused.
const whereKeysAreMade = "Compliance Access Keys (scope read:compliance_activities) are made in claude.ai under Organization settings > API, " +
	"Admin API keys in the Claude Console under Settings > Admin keys. Claude API keys cannot read the feed."

// providerModel is the provider's configuration.
type providerModel struct {
	APIKey                types.String `tfsdk:"api_key"`
	BaseURL               types.String `tfsdk:"base_url"`
	RequestTimeout        types.String `tfsdk:"request_timeout"`
	MaxRetries            types.Number `tfsdk:"max_retries"`
	RateLimitRPM          types.Number `tfsdk:"rate_limit_rpm"`
	MaxConcurrentRequests types.Number `tfsdk:"max_concurrent_requests"`
	AnthropicVersion      types.String `tfsdk:"anthropic_version"`
	KeyOrganizationID     types.String `tfsdk:"key_organization_id"`
}

// unknownArguments refuses values that are not known yet: to fall back to the environment or to
// the default could mean another organization's feed, or another host.
func unknownArguments(config tfsdk.Config) (diags diag.Diagnostics) {
	var arguments map[string]tftypes.Value
	_ = config.Raw.As(&arguments) // an object, as the schema says
	for _, name := range slices.Sorted(maps.Keys(arguments)) {
		if !arguments[name].IsKnown() {
			diags.AddError(
				fmt.Sprintf("The provider's %s is not known yet", name),
				fmt.Sprintf("The argument %s of the provider depends on something that will be known only after apply, so nothing can be read during plan. "+
					"Take it from a variable, an environment variable or a data source, or apply what it depends on first (-target).", name),
			)
		}
	}
	return diags
}

// options are the configuration, which validators have checked, completed by the environment and
// then by the defaults. What is wrong with the environment, and what reads need to know of it,
// goes to the service.
func (m *providerModel) options(getenv func(string) string, s *service) compliance.Options {
	options := compliance.Options{
		APIKey:            m.APIKey.ValueString(),
		BaseURL:           m.BaseURL.ValueString(),
		RequestTimeout:    defaultRequestTimeout,
		MaxRetries:        wholeNumberOr(m.MaxRetries, defaultMaxRetries),
		RequestsPerMinute: wholeNumberOr(m.RateLimitRPM, defaultRateLimitRPM),
		RequestsAtOnce:    wholeNumberOr(m.MaxConcurrentRequests, defaultMaxConcurrentRequests),
		Version:           m.AnthropicVersion.ValueString(),
	}
	if !m.RequestTimeout.IsNull() {
		options.RequestTimeout, _ = timerange.ParseDuration(m.RequestTimeout.ValueString())
	}
	s.keyOrigin = "the argument api_key of the provider"
	if m.APIKey.IsNull() {
		variable, key := firstSet(getenv, keyVariables...)
		options.APIKey, s.keyOrigin = key, "the environment variable "+variable
		if variable == "" {
			s.diags.AddError("No API key is configured", "Nothing can be read without an API key. Set one of the environment variables "+
				listed("or", keyVariables...)+", or the argument api_key of the provider. One that is empty, as where a CI secret is missing, counts as not set. "+whereKeysAreMade)
		} else if fault := checkAPIKey(key); fault != "" {
			s.diags.AddError("The API key cannot be used", fmt.Sprintf("The value of the environment variable %s %s.", variable, fault))
		}
	}
	if m.BaseURL.IsNull() {
		if s.baseURLVariable, options.BaseURL = firstSet(getenv, baseURLVariable); s.baseURLVariable != "" {
			if fault := checkBaseURL(options.BaseURL); fault != "" {
				s.diags.AddError("The base URL cannot be used", fmt.Sprintf("The value of the environment variable %s %s.", baseURLVariable, fault))
			}
		}
	}
	return options
}

const anotherHost = "The activity feed is read from another host"

// otherHost warns of a host that is not the API's: a slip in it sends the key elsewhere, and
// a demo's leftover reads a made-up feed. Whoever names the key's organization has looked.
func (s *service) otherHost(baseURL string) (diags diag.Diagnostics) {
	base, err := compliance.ParseBaseURL(cmp.Or(baseURL, compliance.DefaultBaseURL))
	if err != nil || compliance.OwnHost(base) || s.keyOrganizationID != "" {
		return nil
	}
	named := "The argument base_url"
	if s.baseURLVariable != "" {
		named = "The environment variable " + s.baseURLVariable
	}
	diags.AddWarning(anotherHost, fmt.Sprintf("%s names %s, which is not Anthropic's: it gets the key, and says what the feed holds.\n"+
		"If that is meant, set key_organization_id in the provider's configuration; it is checked, and this warning goes.", named, base.Host))
	return diags
}

// firstSet returns the first variable that is set and not empty, with its value.
func firstSet(getenv func(string) string, variables ...string) (variable, value string) {
	for _, variable := range variables {
		if value := getenv(variable); value != "" {
			return variable, value
		}
	}
	return "", ""
}

// optionFaults continue "The value", which may be a secret and is not repeated.
var optionFaults = map[compliance.OptionError]string{
	compliance.NoURL:             "is not a valid URL; it must begin with https:// and a host",
	compliance.URLHasCredentials: "must not hold credentials; the API key has an argument of its own",
	compliance.URLHasQuery:       "must not have a query or a fragment",
	compliance.URLNotHTTPS:       "must begin with https://",
	compliance.URLWithoutHost:    "has no host",
	compliance.URLWithOddPort:    "has an invalid port",
	compliance.URLWithOddPath:    "must not have //, /./ or /../ in its path",
	compliance.URLOfEndpoint:     "must not end with /v1/compliance/activities, which is appended to it",
	compliance.URLInTheClear:     "must begin with https://; http:// is only for a loopback host such as localhost or 127.0.0.1",

	compliance.NoKey:           "is empty, as where a CI secret is missing; omit the argument, or set it to null, to take the key from the environment",
	compliance.KeyQuoted:       "has quotation marks in it, which no key has; set it without",
	compliance.KeyPadded:       "begins or ends with a space or a line break, which no key does; set it without",
	compliance.KeyOddCharacter: "has a space, a line break or another character in it that no key has; set it without",
}

// optionFault is what is wrong with an option, "" for nothing.
func optionFault(err error) string {
	fault, _ := errors.AsType[compliance.OptionError](err)
	return optionFaults[fault]
}

func checkAPIKey(text string) string { return optionFault(compliance.CheckAPIKey(text)) }

func checkBaseURL(text string) string {
	_, err := compliance.ParseBaseURL(text)
	return optionFault(err)
}

func checkKeyOrganizationID(text string) string {
	if strings.TrimSpace(text) == "" {
		return "is empty, which is no organization; omit the argument, or set it to null, to accept a key of any"
	}
	return ""
}

// userAgent names the provider and Terraform, and adds what the user wants added,
// as HashiCorp's own providers do with TF_APPEND_USER_AGENT.
func userAgent(version, terraformVersion, appended string) string {
	text := "terraform-provider-compliance/" + version + " (+https://" + Address + ")"
	if terraformVersion != "" {
		text += " Terraform/" + terraformVersion
	}
	if appended = strings.TrimSpace(appended); appended != "" {
		text += " " + appended
	}
	return text
}
