package provider

import (
	"context"
	"log/slog"
	"slices"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logHandler hands the client's log on to Terraform's, which TF_LOG_PROVIDER shows.
// Terraform's logger is in the context of each call.
type logHandler struct {
	attributes []slog.Attr // of all its records
}

var _ slog.Handler = logHandler{}

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
