package fakeapi

import (
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// A Request is what [API.Requests] tells about one request, faulty ones included.
type Request struct {
	// Number counts the requests since [New] or [API.ResetRequests], from 1.
	Number int
	// Page is 1 for a request without a cursor, and else one more than that of the
	// page which ended with this cursor. A request sent again has the same
	// number, and so has one with a cursor that this API did not send: 1.
	Page int
	// Time is when the request came in.
	Time time.Time

	Method, Host, Path, RawQuery string
	Query                        url.Values // what of RawQuery can be parsed
	Header                       http.Header

	// Status is what was answered, 0 where nothing was (yet).
	Status int
	// Activities is the number in the page that the API made, before a fault
	// changed it.
	Activities int
	// RequestID is the header request-id of the response, which a 401 lacks.
	RequestID string

	uri string
}

// Requests returns the log of requests in the order of their arrival. Where a client
// has seen a response, its status and activities are in the log.
func (a *API) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	requests := make([]Request, len(a.requests))
	for i, logged := range a.requests {
		requests[i] = *logged
	}
	return requests
}

// ResetRequests empties the log of requests and counts anew from 1.
func (a *API) ResetRequests() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = nil
}

func (a *API) logRequest(r *http.Request) *Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.served++
	logged := &Request{
		Number:    len(a.requests) + 1,
		Page:      1,
		Time:      a.options.Now(),
		uri:       r.URL.RequestURI(),
		Method:    r.Method,
		Host:      r.Host,
		Path:      r.URL.Path,
		RawQuery:  r.URL.RawQuery,
		Query:     r.URL.Query(),
		Header:    r.Header.Clone(),
		RequestID: newID(newRandom(uint64(a.served), 0), "req"),
	}
	for _, name := range []string{"after_id", "before_id"} {
		if page, ok := a.pages[logged.Query.Get(name)]; ok {
			logged.Page = page
		}
	}
	a.requests = append(a.requests, logged)
	return logged
}

// logRead adds the activity that the API records for each call of this endpoint, whatever
// kind of key was used.
func (a *API) logRead(r *http.Request, logged *Request, status int) {
	a.mu.Lock()
	a.readsDone++
	number := a.readsDone
	a.mu.Unlock()

	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	a.feed.Add(fmt.Sprintf(`{"id":"%s","created_at":"%s","organization_id":null,"organization_uuid":null,`+
		`"actor":{"type":"api_actor","api_key_id":"apikey_01FakeKeyOfThisFake","ip_address":"192.0.2.1","user_agent":%s},`+
		`"type":"compliance_api_accessed","request_id":"%s","url":%s,"request_method":"GET","request_body":null,"status_code":%d}`,
		fmt.Sprintf("activity_01Read%018d", number), formatTime(a.options.Now()),
		appendString(nil, r.UserAgent()), logged.RequestID, appendString(nil, scheme+"://"+logged.Host+logged.uri), status))
}

// A statusRecorder notes the status before the client can know it.
type statusRecorder struct {
	http.ResponseWriter
	api    *API
	logged *Request
	done   bool
}

func (w *statusRecorder) WriteHeader(status int) {
	if !w.done {
		w.done = true
		w.api.mu.Lock()
		w.logged.Status = status
		w.api.mu.Unlock()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusRecorder) Write(p []byte) (int, error) {
	if !w.done {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap is for [http.ResponseController].
func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
