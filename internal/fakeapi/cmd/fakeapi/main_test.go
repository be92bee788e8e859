package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// wait reads the URL file as soon as it is there.
func wait(t *testing.T, name string) string {
	t.Helper()
	for range 500 {
		if content, err := os.ReadFile(name); err == nil {
			return strings.TrimSuffix(string(content), "\n")
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: still not there", name)
	return ""
}

func TestRun(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	urlFile, feedFile := filepath.Join(folder, "url"), filepath.Join(folder, "feed.jsonl")
	if err := os.WriteFile(feedFile, []byte(`{"id":"mine","created_at":"-1s","type":"t"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var output strings.Builder
	ended := make(chan error)
	go func() {
		ended <- run(ctx, []string{"-url-file", urlFile, "-feed", feedFile, "-activities", "20", "-key", "demo", "-span", "1h", "-skip-read-log"}, &output)
	}()
	base := wait(t, urlFile)

	since := time.Now().Add(-2 * time.Hour).UTC().Format(time.RFC3339)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/v1/compliance/activities?created_at.gte="+since, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", "demo")
	req.Header.Set("anthropic-version", "2023-06-01")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var page struct{ Data []struct{ ID string } }
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, activity := range page.Data {
		found = found || activity.ID == "mine"
	}
	if len(page.Data) != 21 || !found {
		t.Errorf("got %d activities, the file's among them: %t; want 21, true", len(page.Data), found)
	}

	cancel()
	if err := <-ended; err != nil {
		t.Errorf("cancelled: got %v, want no error", err)
	}
	if got, want := output.String(), "listening on "+base+"\n"; got != want {
		t.Errorf("got output %q, want %q", got, want)
	}
	if resp, err := client.Do(req.WithContext(t.Context())); err == nil {
		resp.Body.Close()
		t.Error("afterwards: still answers")
	}
}

func TestRunEndsByItself(t *testing.T) {
	t.Parallel()
	if err := run(t.Context(), []string{"-for", "1ms"}, io.Discard); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"all_addresses":       {[]string{"-listen", "0.0.0.0:0"}, "not a loopback address"},
		"no_address":          {[]string{"-listen", ":0"}, "not a loopback address"},
		"other_address":       {[]string{"-listen", "192.0.2.1:0"}, "not a loopback address"},
		"name":                {[]string{"-listen", "fake.example.com:0"}, "not a loopback address"},
		"no_port":             {[]string{"-listen", "127.0.0.1"}, "missing port"},
		"bad_newest":          {[]string{"-newest", "today"}, "newest"},
		"negative_activities": {[]string{"-activities", "-1"}, "must not be negative"},
		"argument":            {[]string{"more"}, `unexpected argument "more"`},
		"no_feed":             {[]string{"-feed", "does-not-exist"}, "does-not-exist"},
		"url_file":            {[]string{"-url-file", "does-not-exist/url"}, "does-not-exist"},
		"help":                {[]string{"-h"}, flag.ErrHelp.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := run(t.Context(), append([]string{"-for", "1ms"}, test.args...), io.Discard); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
