// Command fakeapi serves the fake Activity Feed on a loopback address, for a demo
// without a key. It ends by itself, so that nothing is left behind.
//
// It is a shell around package fakeapi, which says what the fake does and where its facts
// come from; no fault can be injected here.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "fakeapi:", err)
		os.Exit(1)
	}
}

// config is the command line.
type config struct {
	listen                 netip.AddrPort
	urlFile, key, feedFile string

	spec     fakeapi.Spec
	options  fakeapi.Options
	grant    fakeapi.Grant
	heaviest int
	lifetime time.Duration
}

const about = `Serves a made-up Activity Feed of Anthropic's Compliance API on a loopback address.

  fakeapi -listen 127.0.0.1:8080 -key made-up -feed feed.jsonl &
  export ANTHROPIC_COMPLIANCE_BASE_URL=http://127.0.0.1:8080 ANTHROPIC_COMPLIANCE_API_KEY=made-up

A line of a feed file is an activity as the API sends it. Its created_at is an RFC 3339 time,
or one such as "-3h" or "-72h30m" from now (units h, m, s):

  {"id":"activity_01Mine","created_at":"-3h","type":"api_key_created","actor":{"type":"system_actor"}}

It ends by itself (-for), or on SIGINT and SIGTERM. "go run" does not pass a SIGTERM on; build
it, to end it in a script: go build -o fakeapi ./internal/fakeapi/cmd/fakeapi

`

func parse(args []string, output io.Writer) (config, error) {
	c := config{spec: fakeapi.Spec{Newest: time.Now()}}
	flags := flag.NewFlagSet("fakeapi", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.Usage = func() {
		fmt.Fprint(output, about, "Flags:\n")
		flags.PrintDefaults()
	}
	flags.TextVar(&c.listen, "listen", netip.MustParseAddrPort("127.0.0.1:0"), "loopback `address` to listen on; port 0 takes a free one")
	flags.StringVar(&c.urlFile, "url-file", "", "`file` to write the base URL to, once it can be used")
	flags.IntVar(&c.spec.Activities, "activities", 1000, "`number` of generated activities")
	flags.Uint64Var(&c.spec.Seed, "seed", 1, "`number` that the generated activities follow from")
	flags.Func("newest", "RFC 3339 `time`, or one such as -192h from now, that no generated activity is newer than (default now)", func(text string) error {
		if before, err := time.ParseDuration(text); err == nil && before <= 0 {
			c.spec.Newest = time.Now().Add(before)
			return nil
		}
		return c.spec.Newest.UnmarshalText([]byte(text))
	})
	flags.DurationVar(&c.spec.Span, "span", 30*24*time.Hour, "how long before -newest the generated activities begin")
	flags.StringVar(&c.key, "key", fakeapi.Key, "API `key` that may read; any other is answered with 404, as one of the wrong kind")
	flags.Func("refuse", "`why` the key is refused all the same: invalid, deactivated, expired (401), scope (403), wrong-kind (404), not-enabled (400)", func(why string) error {
		if c.grant.Refuse = why; !slices.Contains(fakeapi.Refusals(), why) {
			return fmt.Errorf("not one of %s", strings.Join(fakeapi.Refusals(), ", "))
		}
		return nil
	})
	flags.StringVar(&c.feedFile, "feed", "", "JSON-lines `file` of more activities")
	flags.StringVar(&c.options.Organization, "organization", fakeapi.Organization, "`ID` of the key's organization")
	flags.Func("organizations", "comma-separated `IDs` that the key may filter by; any other is answered with 403 (default any)", func(text string) error {
		c.grant.Organizations = append(c.grant.Organizations, strings.Split(text, ",")...)
		return nil
	})
	flags.Func("latency", "`time` that each answer takes, such as 2s, or 900ms-5s for anything between, as the real server's", func(text string) (err error) {
		low, high, isRange := strings.Cut(text, "-")
		if c.options.Latency, err = time.ParseDuration(low); err == nil && isRange {
			c.options.LatencyMax, err = time.ParseDuration(high)
		}
		return err
	})
	flags.IntVar(&c.heaviest, "heaviest-page", 0, "largest `number` of activities in a page that is not answered with 504 (default no limit)")
	flags.IntVar(&c.options.RateLimit, "rate-limit", 600, "`requests` a minute; more are answered with 429")
	flags.BoolVar(&c.options.AWS, "aws", false, "send the request ID in x-amzn-requestid, as on AWS")
	flags.BoolVar(&c.options.SkipReadLog, "skip-read-log", false, "do not log requests as activities")
	flags.DurationVar(&c.lifetime, "for", time.Hour, "exit after this `duration`")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if !c.listen.Addr().IsLoopback() { // no other machine may reach it
		return c, fmt.Errorf("-listen %s: not a loopback address", c.listen)
	}
	if c.spec.Activities < 0 || c.spec.Span < 0 {
		return c, errors.New("-activities and -span must not be negative")
	}
	c.options.Keys = map[string]fakeapi.Grant{c.key: c.grant}
	return c, nil
}

// run serves until ctx ends or the time is up, which are both no error.
func run(ctx context.Context, args []string, output io.Writer) error {
	c, err := parse(args, output)
	if err != nil {
		return err
	}
	api, err := c.api()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.listen.String())
	if err != nil {
		return err
	}
	defer listener.Close()
	url := "http://" + listener.Addr().String()
	if c.urlFile != "" {
		if err := os.WriteFile(c.urlFile, []byte(url+"\n"), 0o600); err != nil {
			return err
		}
	}
	fmt.Fprintln(output, "listening on", url)
	ctx, cancel := context.WithTimeout(ctx, c.lifetime)
	defer cancel()
	server := &http.Server{Handler: api, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (c config) api() (*fakeapi.API, error) {
	c.options.Feed = fakeapi.Generate(c.spec)
	if c.feedFile != "" {
		text, err := os.ReadFile(c.feedFile)
		if err != nil {
			return nil, err
		}
		if err := c.options.Feed.Load(string(text), time.Now()); err != nil {
			return nil, fmt.Errorf("%s: %w", c.feedFile, err)
		}
	}
	api := fakeapi.New(c.options)
	if c.heaviest > 0 {
		api.Inject(fakeapi.Always, fakeapi.Heavier(c.heaviest, fakeapi.Status(http.StatusGatewayTimeout, "timeout_error", "Request timed out")))
	}
	return api, nil
}
