package fakeapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// Each case is one handler that both transports must show alike.
func TestTransportIsLikeASocket(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		status int
		body   string
		length int64
		err    error
	}{
		{"nothing_written", func(http.ResponseWriter, *http.Request) {}, 200, "", 0, nil},
		{"less_than_announced", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "12345")
		}, 200, "12345", 10, io.ErrUnexpectedEOF},
		{"more_than_announced", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			if n, err := io.WriteString(w, "12345"); n != 0 || !errors.Is(err, http.ErrContentLength) {
				t.Errorf("got %d, %v, want an error", n, err)
			}
		}, 200, "", 3, io.ErrUnexpectedEOF},
		{"streamed", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(202)
			w.Header().Set("x-late", "1")
			for range 3 {
				_, _ = io.WriteString(w, "12345")
				_ = http.NewResponseController(w).Flush()
			}
		}, 202, "123451234512345", -1, nil},
		{"aborted_in_the_body", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "12345")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, 200, "12345", -1, io.ErrUnexpectedEOF},
		{"request", func(w http.ResponseWriter, r *http.Request) {
			if r.RequestURI != "/v1/compliance/activities?a=%20b" || r.URL.Host != "" || r.Host == "" || r.Body == nil {
				t.Errorf("got %s, URL %+v, host %q", r.RequestURI, r.URL, r.Host)
			}
			w.WriteHeader(204)
		}, 204, "", 0, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			each(t, ten, func(t *testing.T, api *fakeapi.API, c caller) {
				api.Inject(fakeapi.Always, func(w http.ResponseWriter, r *http.Request, _ http.Handler) { test.answer(w, r) })
				resp, err := c.client.Do(c.request(t, "a=%20b"))
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if resp.StatusCode != test.status || string(body) != test.body || !errors.Is(err, test.err) || err != nil && test.err == nil {
					t.Errorf("got %d %q %v, want %d %q %v", resp.StatusCode, body, err, test.status, test.body, test.err)
				}
				if resp.ContentLength != test.length && test.length != 0 || resp.Header.Get("x-late") != "" || resp.Request == nil || resp.Proto != "HTTP/1.1" {
					t.Errorf("got content length %d, %+v", resp.ContentLength, resp)
				}
			})
		})
	}
}

// In a bubble, a client's timeout passes without waiting, and nothing of the request stays
// behind, or the bubble would never end.
func TestTransportInBubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(ten())
		api.Inject(fakeapi.First(2), fakeapi.Hang())
		api.Inject(fakeapi.Nth(3), fakeapi.HangBody(10))
		c := inProcess(api)
		c.client.Timeout = 30 * time.Second
		start := time.Now()
		for i := range 3 {
			if _, err := c.try(c.request(t, "")); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("request %d: got %v, want a deadline that passed", i+1, err)
			}
		}
		if got := time.Since(start); got != 90*time.Second {
			t.Errorf("took %s, want 1m30s", got)
		}
		if a := c.get(t, ""); a.status != 200 {
			t.Errorf("got %d", a.status)
		}
	})
}

// The cause of a cancelled context is what the client gets.
func TestTransportCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(ten())
		api.Inject(fakeapi.Always, fakeapi.Hang())
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		c := inProcess(api)
		if _, err := c.try(c.request(t, "").WithContext(ctx)); !errors.Is(err, cause) {
			t.Errorf("got %v, want %v", err, cause)
		}
	})
}

// Closing the body early ends the handler.
func TestTransportCloseEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := fakeapi.New(ten())
		api.Inject(fakeapi.Always, fakeapi.EndlessBody())
		c := inProcess(api)
		resp, err := c.client.Do(c.request(t, ""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	})
}

func TestTransportRefusesBadHeaders(t *testing.T) {
	t.Parallel()
	each(t, ten, func(t *testing.T, api *fakeapi.API, c caller) {
		c.key = "key\nwith a line"
		if _, err := c.try(c.request(t, "")); err == nil {
			t.Error("got no error")
		}
		if got := len(api.Requests()); got != 0 {
			t.Errorf("got %d requests, want none", got)
		}
	})
}
