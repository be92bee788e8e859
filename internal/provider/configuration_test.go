package provider

import (
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func TestKeyVariables(t *testing.T) {
	t.Parallel()
	requireEqual(t, "variables", keyVariables, []string{"ANTHROPIC_COMPLIANCE_API_KEY", "ANTHROPIC_COMPLIANCE_ACCESS_KEY", "ANTHROPIC_ADMIN_KEY"})
	requireEqual(t, "variable", baseURLVariable, "ANTHROPIC_COMPLIANCE_BASE_URL")
	requireEqual(t, "default base URL", compliance.DefaultBaseURL, "https://api.anthropic.com")
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		model       providerModel
		environment map[string]string
		want        compliance.Options
	}{
		"defaults, and the base URL's variable": {
			providerModel{APIKey: types.StringValue("from-argument")},
			map[string]string{baseURLVariable: "https://example.com/from/variable"},
			compliance.Options{
				APIKey: "from-argument", BaseURL: "https://example.com/from/variable",
				RequestTimeout: time.Minute, MaxRetries: 3, RequestsPerMinute: 600, RequestsAtOnce: 8,
			},
		},
		"all arguments, and variables that are not looked at": {
			providerModel{
				APIKey: types.StringValue("from-argument"), BaseURL: types.StringValue("https://example.com/a/"), RequestTimeout: types.StringValue("2m"),
				MaxRetries: types.NumberValue(big.NewFloat(0)), RateLimitRPM: types.NumberValue(big.NewFloat(0)), MaxConcurrentRequests: types.NumberValue(big.NewFloat(16)), AnthropicVersion: types.StringValue("2030-01-01"),
			},
			map[string]string{baseURLVariable: "http://example.com", keyVariables[0]: "bad key"},
			compliance.Options{
				APIKey: "from-argument", BaseURL: "https://example.com/a/", Version: "2030-01-01",
				RequestTimeout: 2 * time.Minute, RequestsAtOnce: 16,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			requireEqual(t, "options", test.model.options(environment(test.environment), &service{}), test.want)
		})
	}
}

// Whatever prevents a client is reported when something is read, and only then:
// session.configure fails on any diagnostic.
func TestConfigurationErrorsComeWithTheRead(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{})
	type test struct {
		config      values
		environment map[string]string
		says        []string
	}
	tests := map[string]test{
		"no key":                         {values{"base_url": fake.URL}, map[string]string{keyVariables[0]: ""}, append([]string{"No API key is configured"}, keyVariables...)},
		"a key that cannot be sent":      {values{"base_url": fake.URL}, map[string]string{keyVariables[2]: "hunter22\n"}, []string{keyVariables[2], "line break"}},
		"a base URL that cannot be used": {nil, map[string]string{keyVariables[0]: testKey, baseURLVariable: "https://user:hunter22@example.com"}, []string{baseURLVariable, "credentials"}},
	}
	// None may fall back: the environment could lead to another organization.
	for _, attribute := range start(t, newTestProvider()).schema.Provider.Block.Attributes {
		tests["unknown "+attribute.Name] = test{
			values{attribute.Name: unknown}, map[string]string{keyVariables[0]: testKey, baseURLVariable: fake.URL}, []string{attribute.Name + " is not known yet"},
		}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := withEnvironment(t, test.environment)
			s.configure(test.config)
			requireNone(t, s.validate(listName, values{}))
			_, read := s.read(listName, values{})
			requireError(t, read, "", test.says...)
			_, opened := s.open(listName, values{})
			requireError(t, opened, "", test.says...)
			if strings.Contains(render(read), "hunter22") {
				t.Errorf("the value is repeated:\n%s", render(read))
			}
		})
	}
	requireEqual(t, "requests", len(fake.Requests()), 0)
}

// Which of several keys it was that the server refused.
func TestKeyOrigin(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{Keys: map[string]fakeapi.Grant{"wrong": {Refuse: "invalid"}}})
	for want, test := range map[string]struct {
		argument    any
		environment map[string]string
	}{
		"the argument api_key of the provider":        {"wrong", map[string]string{keyVariables[0]: testKey}},
		"the environment variable " + keyVariables[0]: {nil, map[string]string{keyVariables[0]: "wrong", keyVariables[2]: testKey}},
		"the environment variable " + keyVariables[1]: {nil, map[string]string{keyVariables[0]: "", keyVariables[1]: "wrong", keyVariables[2]: testKey}},
		"the environment variable " + keyVariables[2]: {nil, map[string]string{keyVariables[2]: "wrong"}},
	} {
		s := withEnvironment(t, test.environment)
		s.configure(withFake(fake, values{"api_key": test.argument}))
		_, diags := s.read(listName, values{})
		requireError(t, diags, "", "The API key was refused", "The key came from "+want+".")
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{})
	const userAgent = "terraform-provider-compliance/1.2.3 (+https://registry.terraform.io/compliance-feed/compliance) Terraform/1.11.4"
	for _, test := range []struct {
		version             any
		slash, append       string
		wantVersion, wantUA string
	}{
		{nil, "", "", "2023-06-01", userAgent},
		{"2024-02-02", "/", " pipeline/7 (audit)\r\n", "2024-02-02", userAgent + " pipeline/7 (audit)"},
	} {
		s := withEnvironment(t, map[string]string{"TF_APPEND_USER_AGENT": test.append})
		s.configure(withFake(fake, values{"base_url": fake.URL + test.slash, "anthropic_version": test.version}))
		fake.ResetRequests()
		s.read(listName, values{}) // the fake knows one version only, and that is not the point here
		request := fake.Requests()[0]
		requireEqual(t, "request", request.Method+" "+request.URL.Path+"?"+request.URL.RawQuery, "GET "+pathPrefix+"/v1/compliance/activities?limit=5000")
		for header, want := range map[string]string{"X-Api-Key": testKey, "Anthropic-Version": test.wantVersion, "User-Agent": test.wantUA} {
			requireEqual(t, header, request.Header[header], []string{want})
		}
	}
}

func TestDefaultReadTimeout(t *testing.T) {
	t.Parallel()
	requireEqual(t, "timeout", (&filters{}).timeout(), 20*time.Minute)
	reading(t, newFake(t, fakeapi.Options{}), nil).list(values{"timeouts": values{"read": nil}})
}

// All reads of a provider share one client: its slots, and so its connections.
func TestReadsShareTheClient(t *testing.T) {
	t.Parallel()
	const atOnce = 2
	fake := newFake(t, fakeapi.Options{Latency: 20 * time.Millisecond})
	var now, connections atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := now.Add(1); n > atOnce {
			t.Errorf("got %d requests at once, want at most %d", n, atOnce)
		}
		fake.ServeHTTP(w, r)
		now.Add(-1)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	s := reading(t, fake, values{"base_url": server.URL + pathPrefix, "max_concurrent_requests": atOnce})
	var reads sync.WaitGroup
	for i := range 6 {
		reads.Go(func() {
			s.read(listName, values{"limit": i + 1})
			s.open(summaryName, values{"min_count": i + 1})
		})
	}
	reads.Wait()
	requireEqual(t, "requests", len(fake.Requests()), 12)
	if got := connections.Load(); got > atOnce {
		t.Errorf("got %d connections, want at most %d", got, atOnce)
	}
}

// TestOtherHost is warned of where a feed may not be the organization's own.
func TestOtherHost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		argument any
		variable string
		warns    string // what the message begins with; "" for none
	}{
		"default":                          {nil, "", ""},
		"default by name":                  {"https://api.anthropic.com/", "", ""},
		"AWS":                              {"https://aws-external-anthropic.us-east-1.api.aws", "", ""},
		"a slip":                           {"https://api.antropic.com", "", "The argument base_url names api.antropic.com,"},
		"variable, default":                {nil, "https://API.anthropic.com", ""},
		"variable, this machine":           {nil, "http://127.0.0.1:8080", "The environment variable ANTHROPIC_COMPLIANCE_BASE_URL names 127.0.0.1:8080,"},
		"variable, alike":                  {nil, "https://api.anthropic.com.example.com", "The environment variable ANTHROPIC_COMPLIANCE_BASE_URL names api.anthropic.com.example.com,"},
		"variable, alike AWS":              {nil, "https://aws-external-anthropic.example.com", "The environment variable ANTHROPIC_COMPLIANCE_BASE_URL names aws-external-anthropic.example.com,"},
		"argument, gateway, over variable": {"https://gateway.example.com/a", "http://127.0.0.1:8080", "The argument base_url names gateway.example.com,"},
	} {
		t.Run(name, func(t *testing.T) {
			s := withEnvironment(t, map[string]string{baseURLVariable: test.variable})
			diags := s.configured(values{"api_key": testKey, "base_url": test.argument})
			if test.warns == "" {
				requireNone(t, diags)
			} else {
				requireWarning(t, diags, "", anotherHost, "\n"+test.warns)
			}
			// Who sets it has looked.
			requireNone(t, s.configured(values{"api_key": testKey, "base_url": test.argument, "key_organization_id": "org_1"}))
		})
	}
}

// TestBaseURLOrigin names what sets the base URL where the advice is to check it.
func TestBaseURLOrigin(t *testing.T) {
	t.Parallel()
	const nowhere = "http://127.0.0.1:1"
	for want, test := range map[string]struct {
		argument any
		variable string
	}{"base_url": {nowhere, ""}, baseURLVariable: {nil, nowhere}} {
		s := withEnvironment(t, map[string]string{baseURLVariable: test.variable})
		s.configure(values{"api_key": testKey, "base_url": test.argument, "max_retries": 0})
		_, diags := s.read(listName, values{})
		requireError(t, diags, "", "There is no connection to the server", "Check "+want)
	}
}
