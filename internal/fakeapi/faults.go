package fakeapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Status answers with an error as the API formats them. More headers follow as for
// [Headers], such as "x-should-retry", "false"; none of the rate limit's are sent by
// themselves.
func Status(code int, errorType, message string, headers ...string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ Answer) {
		setHeaders(w, headers)
		send(w, r, code, (&failure{code, errorType, message}).body(w.Header()))
	}
}

// TooManyRequests is a 429 with the header retry-after, in seconds or as a date, or
// without it where that is empty.
func TooManyRequests(retryAfter string) Fault {
	f := tooMany(defaultRateLimit)
	return Status(f.status, f.kind, f.message, "retry-after", retryAfter)
}

// Headers changes headers of the API's answer, given as pairs of name and value; one with
// an empty value is left out. "age" with "3600", or an old "date", makes it one from a cache.
func Headers(headers ...string) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer Answer) {
		status, body := answer(r)
		setHeaders(w, headers)
		send(w, r, status, body)
	}
}

func setHeaders(w http.ResponseWriter, pairs []string) {
	for i := 0; i < len(pairs); i += 2 {
		if w.Header().Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			w.Header().Del(pairs[i])
		}
	}
}

// HTML answers with a web page, as a proxy would, and without a request-id.
func HTML(code int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ Answer) {
		w.Header().Del("request-id")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(code)
		fmt.Fprintf(w, "<!DOCTYPE html>\n<html><head><title>%[1]d</title></head><body><h1>%[1]d %[2]s</h1></body></html>\n", code, http.StatusText(code))
	}
}

// EmptyBody answers with a code and nothing else.
func EmptyBody(code int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ Answer) {
		w.WriteHeader(code)
	}
}

// Heavier has the other fault take the pages with more than n activities, as of a server
// that cannot make them in time.
func Heavier(n int, fault Fault) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer Answer) {
		status, body := answer(r)
		var page struct{ Data []json.RawMessage }
		if _ = json.Unmarshal(body, &page); len(page.Data) > n { // an error has none
			fault(w, r, answer)
			return
		}
		send(w, r, status, body)
	}
}

// CloseBeforeHeader closes the connection without an answer. Over a connection that has
// been used before, http.Transport by itself sends such a request once more.
func CloseBeforeHeader(http.ResponseWriter, *http.Request, Answer) { panic(http.ErrAbortHandler) }

// Hang answers nothing until the client leaves.
func Hang(_ http.ResponseWriter, r *http.Request, _ Answer) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// CutBody announces the length of the whole body, sends its first n bytes and closes the
// connection: the client sees that something is missing.
func CutBody(n int) Fault { return inParts(n, true, CloseBeforeHeader) }

// HangBody sends the header and the first n bytes of the answer, and nothing more until
// the client leaves. No length is announced, so even the whole body does not look complete.
func HangBody(n int) Fault { return inParts(n, false, Hang) }

// Drip sends the answer n bytes at a time, with a pause after each.
func Drip(n int, every time.Duration) Fault {
	return inParts(n, true, func(_ http.ResponseWriter, r *http.Request, _ Answer) { pause(r.Context(), every) })
}

// inParts sends n bytes of the answer at a time. After each part something else happens.
func inParts(n int, withLength bool, after Fault) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer Answer) {
		status, body := answer(r)
		if withLength {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		w.WriteHeader(status)
		for part := range slices.Chunk(body, n) {
			_, _ = w.Write(part) // a client that is gone ends the context, too
			_ = http.NewResponseController(w).Flush()
			after(w, r, answer)
		}
	}
}

// BrokenGzip sends a compressed page with a byte in its middle changed, whatever the client
// accepts.
func BrokenGzip(w http.ResponseWriter, r *http.Request, answer Answer) {
	status, body := answer(r)
	compressed := compress(body)
	compressed[len(compressed)/2] ^= 0xff
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	_, _ = w.Write(compressed)
}

// EditPage sends what edit makes of the JSON text of a page. Errors of the API
// are sent as they are.
func EditPage(edit func(page []byte) []byte) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer Answer) {
		status, body := answer(r)
		if status == http.StatusOK {
			body = edit(body)
		}
		send(w, r, status, body)
	}
}

// TruncateBody sends the first n bytes of a page as if they were all: only the JSON
// shows that something is missing.
func TruncateBody(n int) Fault {
	return EditPage(func(page []byte) []byte { return page[:min(n, len(page))] })
}

// SetMembers replaces members of a page, given as pairs of name and JSON text, or adds
// them; one with an empty text is left out. [SetField] does the same.
func SetMembers(pairs ...string) Fault {
	return EditPage(func(page []byte) []byte { return set(page, pairs...) })
}

// SetField replaces a field of the activity with the given index, from 0, of a page, or
// adds it. A shorter page is sent as it is, by [SetRecord] too.
func SetField(index int, name, value string) Fault {
	return editRecord(index, func(record []byte) []byte { return set(record, name, value) })
}

// SetRecord replaces an activity by any JSON text.
func SetRecord(index int, record string) Fault {
	return editRecord(index, func([]byte) []byte { return []byte(record) })
}

func editRecord(index int, edit func(record []byte) []byte) Fault {
	return EditPage(func(page []byte) []byte {
		var members struct{ Data []json.RawMessage }
		if _ = json.Unmarshal(page, &members); index < len(members.Data) {
			members.Data[index] = edit(members.Data[index])
		}
		return set(page, "data", string(encode(members.Data)))
	})
}

func set(text []byte, pairs ...string) []byte {
	var members object
	_ = json.Unmarshal(text, &members)
	for i := 0; i < len(pairs); i += 2 {
		if members[pairs[i]] = json.RawMessage(pairs[i+1]); pairs[i+1] == "" {
			delete(members, pairs[i])
		}
	}
	return encode(members)
}

// encode is for what is JSON: a page of the API, and what a test puts into it.
func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}

// EditQuery has the API answer another query than the client's, as a server does that takes
// a parameter for something else.
func EditQuery(edit func(url.Values)) Fault {
	return func(w http.ResponseWriter, r *http.Request, answer Answer) {
		query := r.URL.Query()
		edit(query)
		r = r.Clone(r.Context())
		r.URL.RawQuery = query.Encode()
		NoFault(w, r, answer)
	}
}

// IgnoreParameter has the server overlook a parameter, such as created_at.lt. Without
// after_id, it sends the first page once more.
func IgnoreParameter(name string) Fault {
	return EditQuery(func(query url.Values) { query.Del(name) })
}
