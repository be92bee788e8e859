package provider

import (
	"maps"
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
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func TestValidateProviderAccepts(t *testing.T) {
	t.Parallel()
	s := start(t, newTestProvider())
	for name, config := range map[string]values{
		"nothing": {},
		"everything": {
			"api_key": "any-key", "base_url": "https://api.example.com", "request_timeout": "1m30s", "max_retries": 5,
			"rate_limit_rpm": 60, "max_concurrent_requests": 2, "anthropic_version": "2023-06-01", "key_organization_id": "org_1",
		},
		"everything unknown": {
			"api_key": unknown, "base_url": unknown, "request_timeout": unknown, "max_retries": unknown,
			"rate_limit_rpm": unknown, "max_concurrent_requests": unknown, "anthropic_version": unknown, "key_organization_id": unknown,
		},
		"the smallest numbers": {"max_retries": 0, "rate_limit_rpm": 0, "max_concurrent_requests": 1},
		"the largest numbers":  {"max_retries": 10, "rate_limit_rpm": 1<<31 - 1, "max_concurrent_requests": 16},
		"a path":               {"base_url": "https://proxy.example.com/anthropic"},
		"a trailing slash":     {"base_url": "https://proxy.example.com/anthropic/"},
		"http on localhost":    {"base_url": "http://localhost:8080"},
		"http on 127.0.0.1":    {"base_url": "http://127.0.0.1:8080"},
		"http on ::1":          {"base_url": "http://[::1]:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			requireNone(t, s.validateProvider(config))
		})
	}
}

func TestValidateProviderRefuses(t *testing.T) {
	t.Parallel()
	s := start(t, newTestProvider())
	for name, test := range map[string]struct {
		at    string
		value any
		says  string
	}{
		"an empty key":            {"api_key", "", "is empty"},
		"a key with a line break": {"api_key", "hunter22-hunter22\n", "line break"},
		"a key with a space":      {"api_key", "hunter22 hunter22", "space"},
		"no base URL":             {"base_url", "", "must begin with https://"},
		"no URL":                  {"base_url", "https://exa mple.com/%zz", "not a valid URL"},
		"no host":                 {"base_url", "https:///v1", "no host"},
		"another scheme":          {"base_url", "ftp://example.com", "must begin with https://"},
		"http elsewhere":          {"base_url", "http://api.example.com", "loopback"},
		"http to a lookalike":     {"base_url", "http://127.0.0.1.example.com", "loopback"},
		"a password in the URL":   {"base_url", "https://user:hunter22@example.com", "credentials"},
		"a query":                 {"base_url", "https://example.com?key=hunter22", "query"},
		"a fragment":              {"base_url", "https://example.com#hunter22", "fragment"},
		"no duration":             {"request_timeout", "30", `"90m"`},
		"an empty duration":       {"request_timeout", "", `"90m"`},
		"a duration of zero":      {"request_timeout", "0s", "longer than zero"},
		"a negative duration":     {"request_timeout", "-30s", `"-30s" must not be negative`},
		"too many retries":        {"max_retries", 11, "a whole number from 0 to 10"},
		"negative retries":        {"max_retries", -1, "a whole number from 0 to 10"},
		"half a retry":            {"max_retries", 0.5, "a whole number from 0 to 10"},
		"a rate beyond all":       {"rate_limit_rpm", 1 << 40, "too large"},
		"a negative rate":         {"rate_limit_rpm", -1, "a whole number, 0 or more"},
		"no requests at once":     {"max_concurrent_requests", 0, "a whole number from 1 to 16"},
		"too many at once":        {"max_concurrent_requests", 17, "a whole number from 1 to 16"},
		"no version":              {"anthropic_version", "", "2023-06-01"},
		"an odd version":          {"anthropic_version", "2023-06-01\r\nx-injected: 1", `"2023-06-01\r\nx-injected: 1" must be`},
		"a key for a version":     {"anthropic_version", "sk-ant-api03-hunter22 ", "not shown"},
		"two slashes":             {"base_url", "https://example.com//hunter22", "must not have //"},
		"an empty organization":   {"key_organization_id", "", "is empty"},
		"a blank organization":    {"key_organization_id", " \t", "is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.in(t)
			diags := s.validateProvider(values{test.at: test.value})
			requireError(t, diags, test.at, test.says)
			if strings.Contains(render(diags), "hunter22") {
				t.Errorf("the value is repeated:\n%s", render(diags))
			}
		})
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	defaults := func(change func(*compliance.Options)) compliance.Options {
		o := compliance.Options{APIKey: "from-argument", RequestTimeout: time.Minute, MaxRetries: 3, RequestsPerMinute: 600, RequestsAtOnce: 8}
		change(&o)
		return o
	}
	withKey := providerModel{APIKey: types.StringValue("from-argument")}
	for name, test := range map[string]struct {
		model       providerModel
		environment map[string]string
		want        compliance.Options
	}{
		"defaults": {withKey, nil, defaults(func(*compliance.Options) {})},
		"all arguments": {
			providerModel{
				APIKey: types.StringValue("from-argument"), BaseURL: types.StringValue("https://example.com/a/"), RequestTimeout: types.StringValue("1m"),
				MaxRetries: types.NumberValue(big.NewFloat(0)), RateLimitRPM: types.NumberValue(big.NewFloat(0)), MaxConcurrentRequests: types.NumberValue(big.NewFloat(16)), AnthropicVersion: types.StringValue("2030-01-01"),
			},
			map[string]string{baseURLVariable: "https://other.example.com", keyVariables[0]: "from-variable"},
			compliance.Options{
				APIKey: "from-argument", BaseURL: "https://example.com/a/", Version: "2030-01-01",
				RequestTimeout: time.Minute, RequestsAtOnce: 16,
			},
		},
		"the base URL's variable": {
			withKey,
			map[string]string{baseURLVariable: "https://example.com/from/variable"},
			defaults(func(o *compliance.Options) { o.BaseURL = "https://example.com/from/variable" }),
		},
		"a bad variable is not looked at where the argument is set": {
			providerModel{APIKey: types.StringValue("from-argument"), BaseURL: types.StringValue("https://example.com")},
			map[string]string{keyVariables[0]: "bad key", baseURLVariable: "http://example.com"},
			defaults(func(o *compliance.Options) { o.BaseURL = "https://example.com" }),
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, diags := test.model.options(environment(test.environment))
			if diags.HasError() {
				t.Fatalf("got errors, want none: %v", diags)
			}
			requireEqual(t, "options", got, test.want)
		})
	}
}

func TestKeyVariables(t *testing.T) {
	t.Parallel()
	requireEqual(t, "variables", keyVariables, []string{"ANTHROPIC_COMPLIANCE_API_KEY", "ANTHROPIC_COMPLIANCE_ACCESS_KEY", "ANTHROPIC_ADMIN_KEY"})
	requireEqual(t, "variable", baseURLVariable, "ANTHROPIC_COMPLIANCE_BASE_URL")
	requireEqual(t, "default base URL", compliance.DefaultBaseURL, "https://api.anthropic.com")
}

// Whatever prevents a client is reported when something is read, and only then:
// session.configure fails on any diagnostic.
func TestConfigurationErrorsComeWithTheRead(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{})
	for name, test := range map[string]struct {
		config      values
		environment map[string]string
		says        []string
		saysNot     string
	}{
		"no key": {
			config: values{"base_url": fake.URL},
			says:   append([]string{"No API key is configured"}, keyVariables...),
		},
		"an empty variable is no key": {
			config:      values{"base_url": fake.URL},
			environment: map[string]string{keyVariables[0]: "", keyVariables[1]: "", keyVariables[2]: ""},
			says:        append([]string{"No API key is configured"}, keyVariables...),
		},
		"a key that cannot be sent": {
			config:      values{"base_url": fake.URL},
			environment: map[string]string{keyVariables[2]: "hunter22\n"},
			says:        []string{keyVariables[2], "line break"},
			saysNot:     "hunter22",
		},
		"a base URL that cannot be used": {
			config:      values{"api_key": testKey},
			environment: map[string]string{baseURLVariable: "https://user:hunter22@example.com"},
			says:        []string{baseURLVariable, "credentials"},
			saysNot:     "hunter22",
		},
		// Neither may fall back: the environment could lead to another organization.
		"an unknown key": {
			config:      values{"api_key": unknown, "base_url": fake.URL},
			environment: map[string]string{keyVariables[0]: testKey},
			says:        []string{"api_key is not known yet"},
		},
		"an unknown base URL": {
			config:      values{"api_key": testKey, "base_url": unknown},
			environment: map[string]string{baseURLVariable: fake.URL},
			says:        []string{"base_url is not known yet"},
		},
		"an unknown organization": {
			config: values{"api_key": testKey, "base_url": fake.URL, "key_organization_id": unknown},
			says:   []string{"key_organization_id is not known yet"},
		},
		"an unknown number": {
			config: values{"api_key": testKey, "base_url": fake.URL, "max_retries": unknown},
			says:   []string{"max_retries is not known yet"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newTestProvider()
			p.getenv = environment(test.environment)
			s := start(t, p)
			s.configure(test.config)
			requireNone(t, s.validate(listName, values{}))
			_, read := s.read(listName, values{})
			requireError(t, read, "", test.says...)
			_, opened := s.open(listName, values{})
			requireError(t, opened, "", test.says...)
			if test.saysNot != "" && strings.Contains(render(read), test.saysNot) {
				t.Errorf("%q is repeated:\n%s", test.saysNot, render(read))
			}
		})
	}
	if got := fake.Requests(); len(got) != 0 {
		t.Errorf("got %d requests, want none", len(got))
	}
}

// Which of several keys it was that the server refused.
func TestKeyOrigin(t *testing.T) {
	t.Parallel()
	refuses := fakeapi.Options{Keys: map[string]fakeapi.Grant{"wrong": {Dead: fakeapi.Invalid}}}
	for name, test := range map[string]struct {
		argument    any
		environment map[string]string
		want        string
	}{
		"argument": {"wrong", map[string]string{keyVariables[0]: testKey}, "the argument api_key of the provider"},
		"first":    {nil, map[string]string{keyVariables[0]: "wrong", keyVariables[2]: testKey}, "the environment variable " + keyVariables[0]},
		"second":   {nil, map[string]string{keyVariables[0]: "", keyVariables[1]: "wrong", keyVariables[2]: testKey}, "the environment variable " + keyVariables[1]},
		"third":    {nil, map[string]string{keyVariables[2]: "wrong"}, "the environment variable " + keyVariables[2]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newTestProvider()
			p.getenv = environment(test.environment)
			s := start(t, p)
			s.configure(withFake(newFake(t, refuses), values{"api_key": test.argument}))
			_, diags := s.read(listName, values{})
			requireError(t, diags, "", "The API key was refused", "The key came from "+test.want+".")
		})
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config      values
		environment map[string]string
		slash       string
		want        map[string]string
	}{
		"defaults": {
			want: map[string]string{
				"X-Api-Key": testKey, "Anthropic-Version": "2023-06-01",
				"User-Agent": "terraform-provider-compliance/1.2.3 (+https://registry.terraform.io/compliance-feed/compliance) Terraform/1.11.4",
			},
		},
		"with a trailing slash in the base URL": {slash: "/"},
		"another version":                       {config: values{"anthropic_version": "2024-02-02"}, want: map[string]string{"Anthropic-Version": "2024-02-02"}},
		"something for the User-Agent": {
			environment: map[string]string{"TF_APPEND_USER_AGENT": " pipeline/7 (audit)\r\n"},
			want: map[string]string{
				"User-Agent": "terraform-provider-compliance/1.2.3 (+https://registry.terraform.io/compliance-feed/compliance) Terraform/1.11.4 pipeline/7 (audit)",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFake(t, fakeapi.Options{})
			p := newTestProvider()
			p.getenv = environment(test.environment)
			s := start(t, p)
			config := withFake(fake, test.config)
			config["base_url"] = fake.URL + test.slash
			s.configure(config)
			s.read(listName, values{}) // the fake knows one version only, and that is not the point here
			requests := fake.Requests()
			if len(requests) != 1 {
				t.Fatalf("got %d requests, want 1", len(requests))
			}
			requireEqual(t, "path", requests[0].Path, pathPrefix+"/v1/compliance/activities")
			requireEqual(t, "method", requests[0].Method, "GET")
			requireEqual(t, "query", requests[0].RawQuery, "limit=5000")
			for header, want := range test.want {
				requireEqual(t, header, requests[0].Header[header], []string{want})
			}
		})
	}
}

func TestUserAgentWithoutTerraformVersion(t *testing.T) {
	t.Parallel()
	requireEqual(t, "User-Agent", userAgent("dev", "", "  "), "terraform-provider-compliance/dev (+https://registry.terraform.io/compliance-feed/compliance)")
}

func TestDefaultReadTimeout(t *testing.T) {
	t.Parallel()
	requireEqual(t, "timeout", (&filters{}).timeout(), 20*time.Minute)
	reading(t, newFake(t, fakeapi.Options{}), nil).list(values{"timeouts": values{}})
}

// All reads of a provider share one client: its slots, and its connections.
func TestMaxConcurrentRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		config values
		atOnce int64
	}{
		{"default", values{}, 8},
		{"two", values{"max_concurrent_requests": 2}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			api := newFake(t, fakeapi.Options{}).API
			var now, most, connections atomic.Int64
			full := make(chan struct{})
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n := now.Add(1)
				defer now.Add(-1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				if n == test.atOnce && most.Load() == n {
					select {
					case <-full:
					default:
						close(full)
					}
				}
				// Each waits until as many are there as may be, and a little for one too many.
				<-full
				time.Sleep(20 * time.Millisecond)
				api.ServeHTTP(w, r)
			}))
			server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					connections.Add(1)
				}
			}
			server.Start()
			defer server.Close()

			s := start(t, newTestProvider())
			config := values{"api_key": testKey, "base_url": server.URL + pathPrefix}
			maps.Copy(config, test.config)
			s.configure(config)
			var reads sync.WaitGroup
			for i := range 12 {
				reads.Go(func() {
					if _, diags := s.read(listName, values{"limit": i + 1}); len(diags) > 0 {
						t.Errorf("got diagnostics, want none:\n%s", render(diags))
					}
				})
			}
			reads.Wait()
			requireEqual(t, "requests at once", most.Load(), test.atOnce)
			if got := connections.Load(); got > test.atOnce {
				t.Errorf("got %d connections, want at most %d", got, test.atOnce)
			}
		})
	}
}

// TestOtherHost is warned of where a feed may not be the organization's own.
func TestOtherHost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		argument, variable string
		warns              string // what the message begins with; "" for none
	}{
		"default":                          {"", "", ""},
		"default by name":                  {"https://api.anthropic.com/", "", ""},
		"AWS":                              {"https://aws-external-anthropic.us-east-1.api.aws", "", ""},
		"a slip":                           {"https://api.antropic.com", "", "The argument base_url names api.antropic.com"},
		"variable, default":                {"", "https://API.anthropic.com", ""},
		"variable, AWS":                    {"", "https://aws-external-anthropic.eu-west-1.api.aws", ""},
		"variable, this machine":           {"", "http://127.0.0.1:8080", "The environment variable ANTHROPIC_COMPLIANCE_BASE_URL names 127.0.0.1:8080"},
		"variable, gateway":                {"", "https://gateway.example.com/anthropic", "The environment variable ANTHROPIC_COMPLIANCE_BASE_URL names gateway.example.com"},
		"variable, alike":                  {"", "https://api.anthropic.com.example.com", "The environment variable ANTHROPIC_COMPLIANCE_BASE_URL names api.anthropic.com.example.com"},
		"variable, alike AWS":              {"", "https://aws-external-anthropic.example.com", "The environment variable ANTHROPIC_COMPLIANCE_BASE_URL names aws-external-anthropic.example.com"},
		"argument, gateway, over variable": {"https://gateway.example.com/a", "http://127.0.0.1:8080", "The argument base_url names gateway.example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newTestProvider()
			p.getenv = environment(map[string]string{"ANTHROPIC_COMPLIANCE_BASE_URL": test.variable})
			config := values{"api_key": testKey}
			if test.argument != "" {
				config["base_url"] = test.argument
			}
			diags := start(t, p).configured(config)
			config["key_organization_id"] = "org_1" // who sets it has looked
			requireNone(t, start(t, p).configured(config))
			switch {
			case test.warns == "":
				requireNone(t, diags)
			case len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityWarning || diags[0].Summary != anotherHost ||
				!strings.HasPrefix(diags[0].Detail, test.warns+",") || strings.Count(diags[0].Detail, "\n") != 1:
				t.Errorf("got %s", render(diags))
			}
		})
	}
}

// TestBaseURLOrigin names what sets the base URL where the advice is to check it.
func TestBaseURLOrigin(t *testing.T) {
	t.Parallel()
	fake := newFake(t, fakeapi.Options{})
	url := fake.URL
	fake.Close() // nothing listens there any more
	for name, test := range map[string]struct {
		argument any
		variable string
		want     string
	}{
		"argument": {url, "", "base_url"},
		"variable": {nil, url, "ANTHROPIC_COMPLIANCE_BASE_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newTestProvider()
			p.getenv = environment(map[string]string{"ANTHROPIC_COMPLIANCE_BASE_URL": test.variable})
			s := start(t, p)
			s.configure(values{"api_key": testKey, "base_url": test.argument, "max_retries": 0})
			_, diags := s.read(listName, values{})
			requireError(t, diags, "", "There is no connection to the server", "Check "+test.want)
		})
	}
}
