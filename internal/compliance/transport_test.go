package compliance

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feedtest"
)

// relays are all connections that were made to an address.
type relays struct {
	address string
	mu      sync.Mutex
	all     []*relay
}

func newRelays(t *testing.T, server *httptest.Server) *relays {
	t.Helper()
	r := &relays{}
	r.address = listen(t, func(client net.Conn) {
		upstream, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			return
		}
		c := &relay{client: client, server: upstream}
		r.mu.Lock()
		r.all = append(r.all, c)
		r.mu.Unlock()
		c.run()
	})
	return r
}

// each does something to all connections, and counts them.
func (r *relays) each(do func(*relay)) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.all {
		do(c)
	}
	return len(r.all)
}

// TestConnectionsThatFail has a connection go silent, or close, at any point of a read
// over both versions of HTTP. One more attempt is enough, and the result is complete.
func TestConnectionsThatFail(t *testing.T) {
	t.Parallel()
	run, wait := sideBySide(t)
	defer wait()
	half := func(harm func()) fakeapi.Fault {
		return func(w http.ResponseWriter, r *http.Request, answer fakeapi.Answer) {
			_, body := answer(r)
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			_, _ = w.Write(body[:len(body)/2])
			_ = http.NewResponseController(w).Flush()
			time.Sleep(20 * time.Millisecond) // until it is there
			harm()
			_, _ = w.Write(body[len(body)/2:])
		}
	}
	whole := func(harm func()) fakeapi.Fault {
		return func(w http.ResponseWriter, r *http.Request, answer fakeapi.Answer) {
			harm()
			fakeapi.NoFault(w, r, answer)
		}
	}
	for version, edit := range versions {
		for harm, do := range map[string]func(*relay){"silent": (*relay).deaden, "closed": (*relay).close} {
			for place, fault := range map[string]func(func()) fakeapi.Fault{"before an answer": whole, "in an answer": half, "after an answer": nil} {
				run(version+"/"+harm+" "+place, func(t *testing.T) {
					server, api := newTLSServer(t, edit)
					api.Add(feedtest.Records(9)[3:]...)
					r := newRelays(t, server)
					client := socketClient(t, "https://"+r.address, func(o *Options) { o.RequestTimeout, o.MaxRetries = 5*time.Second, 1 })
					if fault != nil {
						api.Inject(fakeapi.Nth(2), fault(func() { r.each(do) }))
					}
					follow(t.Context(), client, 4, func(page int) {
						if fault == nil && page == 1 {
							r.each(do)
						}
					}).mustBe(t, feedtest.IDs(9))
					if got := r.each(func(*relay) {}); got != 2 {
						t.Errorf("got %d connections, want 2", got)
					}
				})
			}
		}
	}
}

// TestHTTP2 has a server end connections and streams. One more attempt, at the same cursor,
// is enough; where net/http may send the request again by itself, none is needed.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   fakeapi.Fault
		retries int
		cause   Cause // where there are no retries
	}{
		"GOAWAY":                   {fakeapi.Headers("connection", "close"), 0, ""},
		"RST_STREAM":               {fakeapi.CloseBeforeHeader, 1, GivenUp},
		"RST_STREAM in the answer": {fakeapi.CutBody(100), 1, GivenUp},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, api := newTLSServer(t, versions["HTTP/2"])
			api.Add(feedtest.Records(7)[3:]...)
			api.Inject(fakeapi.Nth(2), test.fault)
			client := socketClient(t, server.URL, func(o *Options) { o.MaxRetries = test.retries })
			follow(t.Context(), client, 3).mustBe(t, feedtest.IDs(7))
			if test.cause == "" {
				return
			}
			api.Inject(fakeapi.Always, test.fault)
			if got, _ := connectionFailure(t, client); got.Cause != test.cause || got.Stage != AtRequest || got.Code != "INTERNAL_ERROR" || got.Timeout != 0 {
				t.Errorf("got %+v, want %s", got, test.cause)
			}
		})
	}
}

// TestPing has a connection go silent where the request would wait much longer.
func TestPing(t *testing.T) {
	t.Parallel()
	server, api := newTLSServer(t, versions["HTTP/2"])
	r := newRelays(t, server)
	api.Inject(fakeapi.Always, func(w http.ResponseWriter, request *http.Request, answer fakeapi.Answer) {
		r.each((*relay).deaden)
		fakeapi.NoFault(w, request, answer)
	})
	client := socketClient(t, "https://"+r.address, noRetries, func(o *Options) { o.RequestTimeout = time.Minute })
	client.editTransport(func(transport *http.Transport) {
		if total := transport.HTTP2.SendPingTimeout + transport.HTTP2.PingTimeout; total <= 0 || total > 20*time.Second {
			t.Errorf("a dead connection is given up after %v, want at most 20s", total)
		}
		transport.HTTP2.SendPingTimeout, transport.HTTP2.PingTimeout = 50*time.Millisecond, 50*time.Millisecond
	})
	if got, _ := connectionFailure(t, client); got.Cause != NoPing || got.Stage != AtRequest || got.Timeout != 0 {
		t.Errorf("got %+v, want the ping without an answer", got)
	}
}

// TestLongQueries has a server refuse a query for its length by ending the connection, as
// nginx does, and refuse one in the middle of a read, where its length cannot be the reason.
func TestLongQueries(t *testing.T) {
	t.Parallel()
	long := Request{Parameters: url.Values{"actor_ids[]": {strings.Repeat("x", 12_000)}}, PageSize: 3, Number: 1}
	server, api := newTLSServer(t, func(s *httptest.Server) {
		versions["HTTP/2"](s)
		s.Config.MaxHeaderBytes = 1000
	})
	_, err := socketClient(t, server.URL).Page(t.Context(), long)
	got, failed := feedtest.ErrorAs[*ConnectionError](t, err), feedtest.ErrorAs[*RequestError](t, err)
	if got.QueryLength < LongQuery || failed.Attempts != 1 || len(api.Requests()) > 0 {
		t.Errorf("got %+v after %d attempts, want the length of the query after 1", got, failed.Attempts)
	}
	s := &feedtest.Script{Steps: []feedtest.Step{
		{Err: errors.New("http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=\"\"")},
		{Body: feedtest.EmptyPage},
		{Err: errors.New("stream error: stream ID 3; ENHANCE_YOUR_CALM; received from peer")},
		{Body: feedtest.EmptyPage},
	}}
	client := newClient(t, s)
	for range 2 {
		if answer, err := client.Page(t.Context(), long); err != nil || answer.Attempts != 2 {
			t.Errorf("got %+v and error %v, want a page after 2 attempts", answer, err)
		}
	}
	s.Steps = append(s.Steps, s.Steps[2])
	long.Parameters.Add("actor_ids[]", strings.Repeat("x", 12_000)) // longer than what was answered
	_, err = client.Page(t.Context(), long)
	if got := feedtest.ErrorAs[*ConnectionError](t, err); got.QueryLength < 24_000 || got.Cause != GivenUp || got.Code != "ENHANCE_YOUR_CALM" {
		t.Errorf("got %+v, want the length of the query", got)
	}
}

// TestLongestQuery loses none of the answers that come at once.
func TestLongestQuery(t *testing.T) {
	t.Parallel()
	client := newClient(t, nil)
	var all sync.WaitGroup
	for length := range 2000 {
		all.Go(func() { client.answered(length) })
	}
	all.Wait()
	if got := client.answered(0); got != 1999 {
		t.Errorf("got %d, want 1999", got)
	}
}

// TestCancelledRequestsKeepConnections where a reader left.
func TestCancelledRequestsKeepConnections(t *testing.T) {
	t.Parallel()
	server, api := newTLSServer(t, versions["HTTP/2"])
	client := socketClient(t, server.URL, noRetries)
	before := client.connections.current.Load()
	ctx, cancel := context.WithCancel(t.Context())
	api.Inject(fakeapi.Always, func(_ http.ResponseWriter, r *http.Request, _ fakeapi.Answer) {
		cancel()
		<-r.Context().Done()
	})
	if err := follow(ctx, client, 0).err; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the read cancelled", err)
	}
	if client.connections.current.Load() != before {
		t.Error("got new connections after a read that was cancelled")
	}
}

// TestConnecting tells the steps of connecting apart, also where the request's own timeout
// ends one of them.
func TestConnecting(t *testing.T) {
	t.Parallel()
	const short, long = 50 * time.Millisecond, time.Minute
	old, _ := newTLSServer(t, func(s *httptest.Server) {
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	})
	plain := fakeapi.NewServer(fakeapi.Options{})
	t.Cleanup(plain.Close)
	quiet := "https://" + listen(t, silent)
	noTime := func(t *http.Transport) { t.DialContext = (&net.Dialer{Timeout: time.Nanosecond}).DialContext }
	const oldTLS = "protocol version not supported"
	for name, test := range map[string]struct {
		base    string
		edit    func(*http.Transport)
		timeout time.Duration
		want    ConnectionError
	}{
		"nobody there":                     {"http://127.0.0.1:1", nil, long, ConnectionError{Stage: AtConnection, Cause: Refused}},
		"a connection that takes too long": {quiet, noTime, long, ConnectionError{Stage: AtConnection, Cause: TimedOut}},
		"a handshake without an answer":    {quiet, func(t *http.Transport) { t.TLSHandshakeTimeout = short }, long, ConnectionError{Stage: AtTLS, Cause: TimedOut}},
		"a handshake beyond the request":   {quiet, nil, time.Second, ConnectionError{Stage: AtTLS, Cause: TimedOut, Timeout: time.Second}},
		"TLS that is too old":              {old.URL, nil, long, ConnectionError{Stage: AtTLS, Cause: TLSAlert, Detail: oldTLS}},
		"no TLS":                           {strings.Replace(plain.URL, "http", "https", 1), nil, long, ConnectionError{Stage: AtTLS, Cause: NotTLS}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := socketClient(t, test.base, noRetries, func(o *Options) { o.RequestTimeout = test.timeout })
			if test.edit != nil {
				client.editTransport(test.edit)
			}
			_, test.want.Host, _ = strings.Cut(test.base, "://")
			if got, _ := connectionFailure(t, client); !reflect.DeepEqual(*got, test.want) || TooHeavy(got) {
				t.Errorf("got %+v, want %+v", *got, test.want)
			}
		})
	}
}
