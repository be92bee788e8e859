package provider

import (
	"context"
	"io"
	"log"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logHandler hands the client's log on to Terraform's, which TF_LOG_PROVIDER shows.
// Terraform's logger is in the context of each call.
type logHandler struct {
	attributes []slog.Attr // of all its records
}

// Enabled leaves the choice of levels to Terraform.
func (logHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	fields := make(map[string]any, len(h.attributes)+record.NumAttrs())
	add := func(attribute slog.Attr) bool {
		fields[attribute.Key] = attribute.Value.String()
		return true
	}
	for _, attribute := range h.attributes {
		add(attribute)
	}
	record.Attrs(add)
	if record.Level >= slog.LevelInfo {
		tflog.Info(ctx, record.Message, fields)
	} else {
		tflog.Debug(ctx, record.Message, fields)
	}
	return nil
}

func (h logHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return logHandler{attributes: slices.Concat(h.attributes, attributes)}
}

// WithGroup has no use: the client's fields are flat, as Terraform's are.
func (h logHandler) WithGroup(string) slog.Handler { return h }

// goLog is where Go's own libraries log. With GODEBUG=http2debug=2 they write the headers of
// each request, the key included, and what the engine hands to the provider, its
// configuration included.
var goLog = &redactedLog{to: os.Stderr}

// RedactLog has Go's own log go through [goLog]. It is for a process that serves.
func RedactLog() { log.SetOutput(goLog) }

// redactedLog leaves out the API keys that it knows, and the content of messages.
type redactedLog struct {
	to io.Writer

	mu      sync.Mutex
	redacts []func(string) string
}

// redact has another key left out.
func (l *redactedLog) redact(redact func(string) string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.redacts = append(l.redacts, redact)
}

// Write gets a line at a time from package log.
func (l *redactedLog) Write(line []byte) (int, error) {
	text, content, has := strings.Cut(string(line), " data=")
	if has && content != "" {
		text += " data=[left out]\n"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, redact := range l.redacts {
		text = redact(text)
	}
	_, err := io.WriteString(l.to, text)
	return len(line), err
}
