package fakeapi

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// Status answers with an error as the API formats them. More headers follow as
// pairs of name and value, such as "x-should-retry", "false"; none of the rate
// limit's are sent by themselves.
func Status(code int, errorType, message string, headers ...string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		setHeaders(w, headers)
		send(w, r, code, (&failure{status: code, kind: errorType, message: message}).body(w.Header()))
	}
}

// StatusWithCode is a [Status] whose error has details.error_code.
func StatusWithCode(code int, errorType, message, errorCode string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		send(w, r, code, (&failure{code, errorType, message, errorCode}).body(w.Header()))
	}
}

func setHeaders(w http.ResponseWriter, pairs []string) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if w.Header().Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			w.Header().Del(pairs[i])
		}
	}
}

// Headers changes headers of the API's answer, given as pairs of name and value; one with
// an empty value is left out. "age" with "3600", or an old "date", makes it one from a cache.
func Headers(headers ...string) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body := recordAnswer(w, r, next)
		setHeaders(w, headers)
		send(w, r, body.status, body.bytes)
	}
}

// TooManyRequests is a 429 with the header retry-after, in seconds or as a date, or
// without it where that is empty.
func TooManyRequests(retryAfter string) Fault {
	f := tooMany(defaultRateLimit)
	return Status(f.status, f.kind, f.message, "retry-after", retryAfter)
}

// ServerError is a 500 with the header x-should-retry, or without it where that is empty.
func ServerError(shouldRetry string) Fault {
	return Status(http.StatusInternalServerError, "api_error", "Internal server error", "x-should-retry", shouldRetry)
}

// Overloaded is a 529.
func Overloaded() Fault { return Status(529, "overloaded_error", "Overloaded") }

// EscapeSequences is a 400 whose message has terminal escape sequences, other
// control characters and a change of writing direction.
func EscapeSequences() Fault {
	return Status(http.StatusBadRequest, "invalid_request_error",
		"\x1b[2J\x1b[31mred\x1b[0m \x1b]0;title\x07 back\bspace\rreturn\x00null \u009b31m \u202egnp.exe")
}

// LongMessage is a 400 with a message of n bytes.
func LongMessage(n int) Fault {
	return Status(http.StatusBadRequest, "invalid_request_error", strings.Repeat("m", n))
}

// EchoKey is a 401 whose message repeats the API key of the request, as a careless
// proxy might.
func EchoKey() Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		Status(http.StatusUnauthorized, "authentication_error", "No such key: "+r.Header.Get("x-api-key"))(w, r, next)
	}
}

// HTML answers with a web page, as a proxy would, and without a request-id.
func HTML(code int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		dropRequestID(w.Header())
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(code)
		fmt.Fprintf(w, "<!DOCTYPE html>\n<html><head><title>%[1]d</title></head><body><h1>%[1]d %[2]s</h1></body></html>\n", code, http.StatusText(code))
	}
}

// Redirect sends the client to another URL, with a code such as 302 or 307.
func Redirect(code int, url string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) { http.Redirect(w, r, url, code) }
}

// EmptyBody answers with a code and nothing else.
func EmptyBody(code int) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(code)
	}
}

// CloseBeforeHeader closes the connection without an answer. Over a connection that has
// been used before, http.Transport by itself sends such a request once more.
func CloseBeforeHeader() Fault {
	return func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }
}

// CutBody announces the length of the whole body, sends its first n bytes and closes the
// connection: the client sees that something is missing.
func CutBody(n int) Fault {
	return partOf(n, true, func(*http.Request) { panic(http.ErrAbortHandler) })
}

// TruncateBody sends the first n bytes of the body as if they were all: only the JSON
// shows that something is missing.
func TruncateBody(n int) Fault { return partOf(n, false, func(*http.Request) {}) }

// HangBody sends the header and the first n bytes of the answer, and nothing more until
// the client leaves. No length is announced, so even the whole body does not look complete.
func HangBody(n int) Fault { return partOf(n, false, hang) }

// Hang answers nothing until the client leaves.
func Hang() Fault {
	return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { hang(r) }
}

func hang(r *http.Request) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// partOf sends the first n bytes of the body, with the length of the whole or none, and then does as it is told.
func partOf(n int, withLength bool, then func(*http.Request)) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body := recordAnswer(w, r, next)
		if withLength {
			w.Header().Set("Content-Length", strconv.Itoa(len(body.bytes)))
		}
		w.WriteHeader(body.status)
		_, _ = w.Write(body.bytes[:min(n, len(body.bytes))])
		flush(w)
		then(r)
	}
}

// BrokenGzip sends a compressed page with a byte in its middle changed, whatever the client
// accepts.
func BrokenGzip() Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body := recordAnswer(w, r, next)
		compressed := compress(body.bytes)
		compressed[len(compressed)/2] ^= 0xff
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(body.status)
		_, _ = w.Write(compressed)
	}
}

// GzipBomb sends an empty page with spaces in it, about n bytes of them, compressed a
// thousand times, whatever the client accepts.
func GzipBomb(n int64) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		// A gzip stream may have many members, so the same one can be sent again and again.
		const size = 1 << 20
		spaces := compress(bytes.Repeat([]byte{' '}, size))
		_, err := w.Write(compress([]byte(`{"data":[`)))
		for left := n; left > 0 && err == nil; left -= size {
			_, err = w.Write(spaces)
		}
		_, _ = w.Write(compress([]byte(`],"has_more":false,"first_id":null,"last_id":null}`)))
	}
}

// Drip sends the answer n bytes at a time, with a pause before each but the first.
func Drip(n int, every time.Duration) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body := recordAnswer(w, r, next)
		w.Header().Set("Content-Length", strconv.Itoa(len(body.bytes)))
		w.WriteHeader(body.status)
		for rest := body.bytes; len(rest) > 0; {
			some := min(n, len(rest))
			if _, err := w.Write(rest[:some]); err != nil {
				return
			}
			flush(w)
			if rest = rest[some:]; len(rest) > 0 && !pause(r.Context(), every) {
				return
			}
		}
	}
}

const bodyStart = `{"data":[{"id":"activity_01HugeHugeHugeHugeHugeHu","created_at":"2026-01-01T00:00:00Z",` +
	`"organization_id":null,"organization_uuid":null,"actor":{"type":"anthropic_actor","email_address":null},` +
	`"type":"claude_chat_created","text":"`

// EndlessBody sends a page whose only activity has a string without an end, until
// the client leaves.
func EndlessBody() Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		_, err := w.Write([]byte(bodyStart))
		for some := bytes.Repeat([]byte("endless "), 4<<10); err == nil && r.Context().Err() == nil; {
			_, err = w.Write(some)
		}
	}
}

// HugePage sends a good last page whose only activity has a string of n bytes. The page is
// made while it is sent.
func HugePage(n int64) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		cursor := encodeCursor(position{})
		end := fmt.Sprintf(`"}],"has_more":false,"first_id":%[1]q,"last_id":%[1]q}`, cursor)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.FormatInt(int64(len(bodyStart)+len(end))+n, 10))
		_, err := w.Write([]byte(bodyStart))
		some := bytes.Repeat([]byte("h"), 32<<10)
		for left := n; left > 0 && err == nil; left -= int64(len(some)) {
			_, err = w.Write(some[:min(left, int64(len(some)))])
		}
		_, _ = w.Write([]byte(end))
	}
}

// A recorded answer is the status and the uncompressed body of a response.
type recorded struct {
	status int
	bytes  []byte
}

// recordAnswer has next answer, and hands on its headers but those about the body's bytes.
func recordAnswer(w http.ResponseWriter, r *http.Request, next http.Handler) recorded {
	r = r.Clone(r.Context())
	r.Header.Del("Accept-Encoding")
	recorder := httptest.NewRecorder()
	next.ServeHTTP(recorder, r)
	maps.Copy(w.Header(), recorder.Header())
	w.Header().Del("Content-Length")
	return recorded{recorder.Code, recorder.Body.Bytes()}
}

func flush(w http.ResponseWriter) {
	// It fails where the client is gone, and the next write tells that too.
	_ = http.NewResponseController(w).Flush()
}
