package fakeapi_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

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
