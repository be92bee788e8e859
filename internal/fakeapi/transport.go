package fakeapi

import (
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Transport returns a round tripper that calls the API in process, without sockets, for
// use in a testing/synctest bubble. It behaves as http.Transport does towards a
// server: the body is streamed, and the handler waits while nobody reads it;
// gzip is asked for and undone unless the client asks for an encoding itself;
// the end of the request's context, or closing the body, ends the handler. A handler
// that panics with [http.ErrAbortHandler] shows as io.EOF before the header and as
// io.ErrUnexpectedEOF in the body. Every host leads to the API; [Request].Host tells
// which it was. Unlike http.Transport it never sends a request again by itself.
func (a *API) Transport() http.RoundTripper { return inProcess{a} }

type inProcess struct{ handler http.Handler }

func (t inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	ctx, cancel := context.WithCancel(req.Context())
	r, unzip, err := serverRequest(ctx, req)
	if err != nil {
		cancel()
		return nil, err
	}
	reader, writer := io.Pipe()
	w := &pipeWriter{client: req.Context(), header: make(http.Header), body: writer, response: make(chan *http.Response, 1)}
	stop := context.AfterFunc(req.Context(), func() { writer.CloseWithError(context.Cause(req.Context())) })
	go func() {
		defer cancel()
		defer w.finish()
		t.handler.ServeHTTP(w, r)
	}()

	select {
	case <-req.Context().Done():
		return nil, context.Cause(req.Context())
	case resp, ok := <-w.response:
		if !ok {
			stop()
			return nil, cmp.Or(context.Cause(req.Context()), io.EOF)
		}
		resp.Request = req
		resp.Body = &pipeBody{PipeReader: reader, left: func() { stop(); cancel() }}
		if unzip && resp.Header.Get("Content-Encoding") == "gzip" {
			resp.Body = &unzipBody{ReadCloser: resp.Body}
			resp.Header.Del("Content-Encoding")
			resp.Header.Del("Content-Length")
			resp.ContentLength = -1
			resp.Uncompressed = true
		}
		return resp, nil
	}
}

// serverRequest returns the request as a server would get it, and whether its response
// is to be unzipped.
func serverRequest(ctx context.Context, req *http.Request) (r *http.Request, unzip bool, err error) {
	r = req.Clone(ctx)
	r.RequestURI = req.URL.RequestURI()
	if r.URL, err = url.ParseRequestURI(r.RequestURI); err != nil {
		return nil, false, err
	}
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	r.RemoteAddr = "192.0.2.1:49152"
	if req.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{}
	}
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.Header = make(http.Header)
	for name, values := range req.Header {
		for _, value := range values {
			if strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
				return nil, false, fmt.Errorf("fakeapi: invalid header field value for %q", name)
			}
			r.Header.Add(name, value)
		}
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "Go-http-client/1.1")
	}
	if r.Header.Get("Accept-Encoding") == "" && r.Header.Get("Range") == "" {
		r.Header.Set("Accept-Encoding", "gzip")
		unzip = true
	}
	return r, unzip, nil
}

// A pipeWriter is the handler's end of a response.
type pipeWriter struct {
	client   context.Context
	header   http.Header
	body     *io.PipeWriter
	response chan *http.Response // closed without one where the handler aborts before the header
	started  bool
	missing  int64 // bytes announced and not yet written, negative where nothing was announced
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	if w.started {
		return
	}
	w.started = true
	header := w.header.Clone()
	length, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64)
	if err != nil {
		length = -1
	}
	w.missing = length
	w.response <- &http.Response{
		Status:     strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status))),
		StatusCode: status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        header,
		ContentLength: length,
	}
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.missing >= 0 && int64(len(p)) > w.missing {
		return 0, http.ErrContentLength
	}
	n, err := w.body.Write(p)
	if w.missing >= 0 {
		w.missing -= int64(n)
	}
	return n, err
}

// Flush sends the header; of the body nothing is ever held back.
func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }

// finish is deferred around the handler.
func (w *pipeWriter) finish() {
	aborted := false
	if v := recover(); v != nil {
		if err, ok := v.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			panic(v)
		}
		aborted = true
	}
	switch cause := context.Cause(w.client); {
	case aborted && !w.started:
		close(w.response)
	case cause != nil:
		// The handler may end before the pipe is closed for the same reason.
		w.WriteHeader(http.StatusOK)
		w.body.CloseWithError(cause)
	case aborted || w.missing > 0:
		w.WriteHeader(http.StatusOK)
		w.body.CloseWithError(io.ErrUnexpectedEOF)
	default:
		w.WriteHeader(http.StatusOK)
		w.body.Close()
	}
}

// A pipeBody is the client's end of a response.
type pipeBody struct {
	*io.PipeReader
	left func()
}

func (b *pipeBody) Close() error {
	b.left()
	return b.PipeReader.Close()
}

// An unzipBody shows broken gzip where http.Transport does, at the first read.
type unzipBody struct {
	io.ReadCloser
	unzip *gzip.Reader
	err   error
}

func (b *unzipBody) Read(p []byte) (int, error) {
	if b.unzip == nil && b.err == nil {
		b.unzip, b.err = gzip.NewReader(b.ReadCloser)
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.unzip.Read(p)
}
