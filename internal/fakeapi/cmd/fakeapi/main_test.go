package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	urlFile, feedFile := filepath.Join(folder, "url"), filepath.Join(folder, "feed.jsonl")
	if err := os.WriteFile(feedFile, []byte(`{"id":"mine","created_at":"-1s","type":"t"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines, output := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		defer output.Close()
		ended <- run(ctx, []string{"-url-file", urlFile, "-feed", feedFile, "-activities", "20", "-key", "demo", "-span", "1h", "-skip-read-log"}, output)
	}()
	line, err := bufio.NewReader(lines).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	base, err := os.ReadFile(urlFile)
	if err != nil || line != "listening on "+string(base) {
		t.Fatalf("got %q, and %q in the file, %v", line, base, err)
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSpace(string(base))+"/v1/compliance/activities", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", "demo")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(page), `"created_at"`); n != 21 || !strings.Contains(string(page), `"id":"mine"`) {
		t.Errorf("got %d activities, want 21, with that of the file: %s", n, page)
	}

	cancel()
	if err := <-ended; err != nil {
		t.Errorf("cancelled: got %v, want no error", err)
	}
}

func TestRunEndsByItself(t *testing.T) {
	t.Parallel()
	if err := run(t.Context(), []string{"-for", "1ms"}, io.Discard); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

// Each flag about answers, by the header or the error that shows it.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args, query string
		status      int
		want        string
	}{
		"default":       {"", "limit=10", 200, "request-id: req_"},
		"wrong_kind":    {"-refuse wrong-kind", "", 404, "Not found"},
		"invalid":       {"-refuse invalid", "", 401, "API key is invalid."},
		"deactivated":   {"-refuse deactivated", "", 401, "API key has been deactivated."},
		"expired":       {"-refuse expired", "", 401, "API key has expired."},
		"scope":         {"-refuse scope", "", 403, "Missing required scopes. Got: ['api:admin']"},
		"not_enabled":   {"-refuse not-enabled", "", 400, "not enabled"},
		"organization":  {"-organization org_01Mine", "", 200, "anthropic-organization-id: org_01Mine"},
		"organizations": {"-organizations org_1,org_2", "organization_ids[]=org_2&organization_ids[]=org_3", 403, "outside this API key's scope"},
		"latency":       {"-latency 1ms-2ms", "", 200, ""},
		"heaviest_page": {"-heaviest-page 10", "limit=11", 504, "timeout_error"},
		"rate_limit":    {"-rate-limit 7", "", 200, "anthropic-ratelimit-requests-limit: 7"},
		"aws":           {"-aws", "", 200, "x-amzn-requestid: req_"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := parse(append([]string{"-key", "demo"}, strings.Fields(test.args)...), io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			api, err := c.api()
			if err != nil {
				t.Fatal(err)
			}
			request := httptest.NewRequest(http.MethodGet, "/v1/compliance/activities?"+test.query, nil)
			request.Header.Set("x-api-key", "demo")
			w := httptest.NewRecorder()
			api.ServeHTTP(w, request)
			answer := w.Body.String()
			for name := range w.Header() {
				answer += "\n" + strings.ToLower(name) + ": " + w.Header().Get(name)
			}
			if w.Code != test.status || !strings.Contains(answer, test.want) {
				t.Errorf("got %d %.2000s, want %d with %s", w.Code, answer, test.status, test.want)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"all_addresses": {[]string{"-listen", "0.0.0.0:0"}, "not a loopback address"},
		"name":          {[]string{"-listen", "fake.example.com:0"}, "invalid value"},
		"refuse":        {[]string{"-refuse", "gently"}, "not one of deactivated, expired, invalid, not-enabled, scope, wrong-kind"},
		"argument":      {[]string{"more"}, `unexpected argument "more"`},
		"no_feed":       {[]string{"-feed", "does-not-exist"}, "does-not-exist"},
		"url_file":      {[]string{"-url-file", "does-not-exist/url"}, "does-not-exist"},
		"help":          {[]string{"-h"}, flag.ErrHelp.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := run(t.Context(), append([]string{"-for", "1ms"}, test.args...), io.Discard); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestFlagsAreDocumented compares the flags with those of the guide on testing.
func TestFlagsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../../templates/guides/testing.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var help strings.Builder
	if _, err := parse([]string{"-help"}, &help); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	flags := regexp.MustCompile(`(?m)^  (-[a-z-]+)`).FindAllStringSubmatch(help.String(), -1)
	if len(flags) < 10 {
		t.Fatalf("got %d flags of\n%s", len(flags), help.String())
	}
	for _, match := range flags {
		if !strings.Contains(string(page), "`"+match[1]+"`") {
			t.Errorf("the guide on testing does not have %s", match[1])
		}
	}
}
