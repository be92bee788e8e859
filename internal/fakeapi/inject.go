package fakeapi

import "net/http"

// A Fault answers a request instead of the API. It may call answer any number of times, with
// other requests. The headers request-id and date are set already. The context of r ends when
// the client leaves. Faults may run at the same time as each other.
type Fault func(w http.ResponseWriter, r *http.Request, answer Answer)

// An Answer is what the API without faults would send. It sets its headers by itself.
type Answer func(r *http.Request) (status int, body []byte)

// NoFault sends what the API answers.
func NoFault(w http.ResponseWriter, r *http.Request, answer Answer) {
	status, body := answer(r)
	send(w, r, status, body)
}

// A Matcher chooses the requests for a fault. It must not call the [API]. It is called
// by one request at a time, and not for a request that an earlier fault took.
type Matcher func(r Request) bool

// Always matches every request.
func Always(Request) bool { return true }

// Nth matches the request with the given number, from 1.
func Nth(n int) Matcher { return func(r Request) bool { return r.Number == n } }

// From matches the request with the given number and all after it.
func From(n int) Matcher { return func(r Request) bool { return r.Number >= n } }

// Page matches the requests for a page of a read, from 1, each attempt anew; see
// [Request].Page.
func Page(n int) Matcher { return func(r Request) bool { return r.Page == n } }

// Times matches what the other matcher does, but only the first n times.
func Times(n int, when Matcher) Matcher {
	return func(r Request) bool {
		if n == 0 || !when(r) {
			return false
		}
		n--
		return true
	}
}

// An injection is a fault that waits for its requests.
type injection struct {
	when  Matcher
	fault Fault
}

// Inject lets fault answer the requests that when matches. Where several injections
// match, the earliest takes the request. See [Times] for a fault that expires.
func (a *API) Inject(when Matcher, fault Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = append(a.faults, injection{when, fault})
}
