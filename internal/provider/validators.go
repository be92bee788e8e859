package provider

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// stringValidator is a rule for strings.
type stringValidator struct {
	what   string             // the value should be
	check  func(string) error // whose error goes on from "The value …"
	secret bool               // the value may hold a key or a password, and is in no message
}

func checkedString(what string, check func(string) error) validator.String {
	return stringValidator{what: what, check: check}
}

func checkedSecret(what string, check func(string) error) validator.String {
	return stringValidator{what: what, check: check, secret: true}
}

var durationString = checkedString("a duration", func(text string) error {
	_, err := timerange.ParseDuration(text)
	return err
})

// timeString is not the library's timetypes.RFC3339, which lets forms through that are
// not RFC 3339 (see [timerange.Parse]), and shows the layout of Go's parser to the person
// at the terminal.
var timeString = checkedString("an RFC 3339 timestamp", func(text string) error {
	_, err := timerange.Parse(text)
	return err
})

func (v stringValidator) Description(context.Context) string {
	return "value must be " + v.what
}

func (v stringValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v stringValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	value := req.ConfigValue.ValueString()
	if err := v.check(value); err != nil {
		what := "The value"
		if value != "" && !v.secret {
			what += fmt.Sprintf(" %.100q", value)
		}
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), what+" "+err.Error()+".")
	}
}

// wholeNumber is the rule for numbers that are counts. They are number attributes: for
// an int64 attribute the framework calls 1.5 a bug of the provider.
type wholeNumber struct {
	min, max int64  // max may be noMaximum
	advice   string // for whoever meant something else; may be empty
}

// noMaximum is what fits in an int everywhere.
const noMaximum = math.MaxInt32

func (v wholeNumber) Description(context.Context) string {
	if v.max == noMaximum {
		return fmt.Sprintf("must be a whole number, %d or more", v.min)
	}
	return fmt.Sprintf("must be a whole number from %d to %d", v.min, v.max)
}

func (v wholeNumber) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v wholeNumber) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	number, accuracy := req.ConfigValue.ValueBigFloat().Int64()
	what := v.Description(ctx)
	switch {
	case accuracy == big.Exact && v.min <= number && number <= v.max:
		return
	case number > noMaximum:
		what = "is too large"
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), strings.TrimSpace("The value "+what+". "+v.advice))
}

// wholeNumberOr is the validated number, or another one where it is null.
func wholeNumberOr(value types.Number, ifNull int) int {
	if value.IsNull() {
		return ifNull
	}
	number, _ := value.ValueBigFloat().Int64()
	return int(number)
}

// cursorString refuses "", which is no cursor and no null either: the read would start
// from the beginning instead of where it was meant to.
var cursorString = checkedString("a cursor", func(text string) error {
	if text == "" {
		return errors.New("is empty, which is no cursor; omit the argument, or make it null, to start without one")
	}
	return nil
})

// filterSet is the rule for sets of IDs and types: an empty set or string, or a null
// in it, could be taken for "no filter" and let the wrong activities through. The
// library's SizeAtLeast, NoNullValues and LengthAtLeast say what is wrong with such a
// set, and not what to do.
type filterSet struct{}

func (filterSet) Description(context.Context) string { return "set and its elements must not be empty" }

func (v filterSet) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (filterSet) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	refuse := func(what, advice string) {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), what+`, which could be taken for "no filter". `+advice)
	}
	elements := req.ConfigValue.Elements()
	if len(elements) == 0 {
		refuse("The set is empty", "Omit the argument, or make it null, to read without this filter.")
	}
	for _, element := range elements {
		switch text, _ := element.(types.String); {
		case text.IsNull():
			refuse("The set holds a null", "Leave it out, with compact() for instance.")
		case !text.IsUnknown() && text.ValueString() == "":
			refuse("The set holds an empty string", "Leave it out, with compact() for instance.")
		}
	}
}

// misspeltType warns of an activity type that is close to a known one. It is no error,
// since the server knows more types than this version of the provider; and any other
// unknown value may be one of those.
type misspeltType struct{}

func (misspeltType) Description(context.Context) string {
	return "value should be an activity type"
}

func (v misspeltType) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (misspeltType) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	value := req.ConfigValue.ValueString()
	if nearest, ok := activitytype.Nearest(value); ok && !req.ConfigValue.IsUnknown() {
		resp.Diagnostics.AddAttributeWarning(req.Path, "Possibly a misspelt activity type",
			fmt.Sprintf("%q is not among the activity types known in %s, and %q is. If it is a newer type, all is well.",
				value, activitytype.AsOf(), nearest))
	}
}
