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
	"path/filepath"
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
	listen, urlFile, key, feedFile string

	spec        fakeapi.Spec
	latency     time.Duration
	lifetime    time.Duration
	skipReadLog bool
}

func parse(args []string, output io.Writer) (config, error) {
	c := config{spec: fakeapi.Spec{Newest: time.Now()}}
	flags := flag.NewFlagSet("fakeapi", flag.ContinueOnError)
	flags.SetOutput(output)
	flags.StringVar(&c.listen, "listen", "127.0.0.1:0", "loopback `address` to listen on; port 0 takes a free one")
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
	flags.StringVar(&c.key, "key", fakeapi.Key, "API `key` that may read")
	flags.StringVar(&c.feedFile, "feed", "", "JSON-lines `file` of more activities; a created_at such as \"-3h\" counts from now")
	flags.DurationVar(&c.latency, "latency", 0, "how long each request waits")
	flags.BoolVar(&c.skipReadLog, "skip-read-log", false, "do not log requests as activities")
	flags.DurationVar(&c.lifetime, "for", time.Hour, "exit after this `duration`")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if c.spec.Activities < 0 || c.spec.Span < 0 {
		return c, errors.New("-activities and -span must not be negative")
	}
	return c, nil
}

// run serves until ctx ends or the time is up, which are both no error.
func run(ctx context.Context, args []string, output io.Writer) error {
	c, err := parse(args, output)
	if err != nil {
		return err
	}
	feed := fakeapi.Generate(c.spec)
	if c.feedFile != "" {
		if err := load(feed, c.feedFile); err != nil {
			return err
		}
	}
	listener, err := listen(c.listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: fakeapi.New(fakeapi.Options{
			Feed:        feed,
			Keys:        map[string]fakeapi.Grant{c.key: {Scopes: []string{fakeapi.Scope}}},
			SkipReadLog: c.skipReadLog,
			Latency:     c.latency,
		}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer server.Close()

	url := "http://" + listener.Addr().String()
	if c.urlFile != "" {
		if err := writeFile(c.urlFile, url+"\n"); err != nil {
			return err
		}
	}
	fmt.Fprintln(output, "listening on", url)
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	case <-time.After(c.lifetime):
	}
	return nil
}

func load(feed *fakeapi.Feed, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := feed.Load(file, time.Now()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// listen takes no address that another machine could reach.
func listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("-listen %s: not a loopback address", address)
	}
	return net.Listen("tcp", net.JoinHostPort(host, port))
}

// writeFile writes a file that is never seen half written.
func writeFile(name, content string) error {
	file, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	_, err = file.WriteString(content)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
