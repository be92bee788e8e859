package provider

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// stringValidator is a rule for strings.
type stringValidator struct {
	what  string                   // the value should be
	fault func(text string) string // what is wrong with it and what to write, in sentences; "" if all is well
}

// checkedString is a rule for strings that no message repeats. The error of the check
// continues "The value …".
func checkedString(what string, check func(string) error) validator.String {
	return stringValidator{what, func(text string) string {
		if err := check(text); err != nil {
			return "The value " + err.Error() + "."
		}
		return ""
	}}
}

// durationString is the rule for durations of at least so much.
func durationString(least time.Duration) validator.String {
	return stringValidator{"a duration", func(text string) string {
		value := "The value " + quoted(text)
		duration, err := timerange.ParseDuration(text)
		switch {
		case errors.Is(err, timerange.ErrZero):
			return value + " must be longer than zero."
		case errors.Is(err, timerange.ErrTooLong):
			return value + " must be shorter than about 292 years."
		case errors.Is(err, timerange.ErrNegative):
			return value + ` must not be negative. Write it without the "-".`
		case err != nil && strings.HasSuffix(strings.TrimRight(text, "s"), "mo"):
			return value + ` must be a duration such as "90m", "24h", "7d" or "1d12h". There is no unit for months; write days ("30d").`
		case err != nil:
			return value + ` must be a duration such as "90m", "24h", "7d" or "1d12h".`
		case duration < least && strings.HasSuffix(text, "m"):
			return fmt.Sprintf(`%s must be at least %s. The unit "m" is a minute; for a month write "30d".`, value, brief(least))
		case duration < least:
			return fmt.Sprintf("%s must be at least %s.", value, brief(least))
		}
		return ""
	}}
}

// timeString is not timetypes.RFC3339 of terraform-plugin-framework-timetypes, which accepts
// forms that are not RFC 3339 (see [timerange.Parse]), and whose message shows the layout of
// Go's parser.
var timeString = stringValidator{"an RFC 3339 timestamp", func(text string) string {
	_, err := timerange.Parse(text)
	switch {
	case errors.Is(err, timerange.ErrYear):
		return "The value " + quoted(text) + " must be of the years 0000 to 9999, in UTC as well."
	case err != nil:
		return "The value " + quoted(text) + ` must be an RFC 3339 timestamp such as "2026-04-10T08:00:00Z", with "Z" or an offset such as "+02:00".`
	}
	return ""
}}

// versionString is the rule for versions of the API.
var versionString = stringValidator{"a version", func(text string) string {
	if !compliance.ValidVersion(text) {
		return "The value " + quoted(text) + " must be a version such as " + quoted(compliance.DefaultVersion) + "."
	}
	return ""
}}

// oneOf is not stringvalidator.OneOf, which repeats any value, a key's too.
func oneOf(values ...string) validator.String {
	names := make([]string, len(values))
	for i, value := range values {
		names[i] = quoted(value)
	}
	what := listed("or", names...)
	return stringValidator{what, func(text string) string {
		if slices.Contains(values, text) {
			return ""
		}
		return "The value " + quoted(text) + " must be " + what + "."
	}}
}

func (v stringValidator) Description(context.Context) string {
	return "value must be " + v.what
}

func (v stringValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v stringValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if fault := v.fault(req.ConfigValue.ValueString()); fault != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), fault)
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
	value := req.ConfigValue.ValueBigFloat()
	number, accuracy := value.Int64()
	what := v.Description(ctx)
	switch {
	case accuracy == big.Exact && v.min <= number && number <= v.max:
		return
	case number > noMaximum:
		what = "is too large"
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), strings.TrimSpace("The value "+value.Text('g', 20)+" "+what+". "+v.advice))
}

// wholeNumberOr is the validated number, or another one where it is null.
func wholeNumberOr(value types.Number, ifNull int) int {
	if value.IsNull() {
		return ifNull
	}
	number, _ := value.ValueBigFloat().Int64()
	return int(number)
}

// cursorString refuses "", which is neither a cursor nor null: the read would start from
// the beginning, which is probably not what was wanted.
var cursorString = checkedString("a cursor", func(text string) error {
	if text == "" {
		return errors.New("is empty, which is not a cursor; omit the argument, or set it to null, to start without one")
	}
	return nil
})

// filterSet is the rule for sets of IDs and types: an empty set or string, or a null
// in it, could be taken for "no filter" and let the wrong activities through. SizeAtLeast,
// NoNullValues and LengthAtLeast of terraform-plugin-framework-validators say what is wrong
// with such a set, but not what to do.
type filterSet struct {
	check func(value string) *finding // of a value that is not empty; nil if all is well
}

// finding is what is wrong, or likely wrong, with a value.
type finding struct {
	summary, detail string
	warning         bool
}

func (filterSet) Description(context.Context) string { return "set and its elements must not be empty" }

func (v filterSet) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v filterSet) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	refuse := func(what, advice string) {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), what+`, which could be taken for "no filter". `+advice)
	}
	elements := req.ConfigValue.Elements()
	if len(elements) == 0 {
		refuse("The set is empty", "Omit the argument, or set it to null, to read without this filter.")
	}
	for _, element := range elements {
		text, _ := element.(types.String)
		switch {
		case text.IsUnknown():
			continue
		case text.IsNull():
			refuse("The set holds a null", "Leave it out, with compact() for instance.")
			continue
		case text.ValueString() == "":
			refuse("The set holds an empty string", "Leave it out, with compact() for instance.")
			continue
		}
		found := v.check(text.ValueString())
		if found == nil {
			continue
		}
		if at := pathOf(req.Path.AtSetValue(element)); found.warning {
			resp.Diagnostics.AddAttributeWarning(at, found.summary, found.detail)
		} else {
			resp.Diagnostics.AddAttributeError(at, "Invalid "+req.Path.String(), found.detail)
		}
	}
}

// pathOf is a path that repeats no key.
func pathOf(at path.Path) path.Path {
	for isKey(at.String()) {
		at = at.ParentPath()
	}
	return at
}

// checkActivityType refuses what can be the name of no type, and warns of a type that is
// out of use or close to a known one. Any other name passes, since the server knows more
// types than this version of the provider.
func checkActivityType(value string) *finding {
	warn := func(summary, format string, arguments ...any) *finding {
		return &finding{summary: summary, detail: fmt.Sprintf(format, arguments...), warning: true}
	}
	if !activitytype.IsName(value) {
		return &finding{detail: notATypeText(value)}
	}
	switch activitytype.StateOf(value) {
	case activitytype.Retired:
		return warn("An activity type that is no longer recorded",
			"%q is retired: nothing is recorded under it any more, so a policy that looks for it finds nothing new. "+
				"The API's reference lists the types that are recorded.", value)
	case activitytype.Removed:
		return warn("An activity type that the API no longer lists",
			"%q is no longer in the API's list (%s). The server may refuse it, and with it the whole read; if so, leave it out.",
			value, activitytype.AsOf())
	}
	if nearest, ok := activitytype.Nearest(value); ok {
		return warn("Possibly a misspelt activity type",
			"%q is not among the activity types known in %s, but %q is. The server refuses types that it does not know; ignore this if yours is a newer one.",
			value, activitytype.AsOf(), nearest)
	}
	return nil
}

// notATypeText says what to write in place of a value that can be no activity type.
func notATypeText(value string) string {
	if strings.ContainsAny(value, "*?[]") {
		names := "the known names that match"
		if matches, err := activitytype.Match(value); err == nil {
			names += fmt.Sprintf(" (%d now)", len(matches))
		}
		return fmt.Sprintf("The value %[1]s is a pattern, but the API accepts only names. Use provider::compliance::activity_types(%[1]s) instead, "+
			"and concat() to add other names. It returns %[2]s, and needs Terraform 1.8 or OpenTofu 1.7.", quoted(value), names)
	}
	text := "The value " + quoted(value) + " is not an activity type: names have only lower-case letters, digits and underscores. "
	if lower := strings.ToLower(strings.TrimSpace(value)); activitytype.StateOf(lower) != activitytype.Unknown {
		return text + fmt.Sprintf("Write %q.", lower)
	}
	return text + `An example is "sso_login_failed".`
}

// checkOrganizationID refuses what can be no ID of an organization.
func checkOrganizationID(value string) *finding {
	const expected = `Organization IDs begin with "org_", or are UUIDs.`
	found := checkID(value, expected)
	if found == nil && !strings.HasPrefix(value, "org_") && !isUUID(value) {
		found = &finding{detail: "The value " + quoted(value) + " is no organization's ID. " + expected}
	}
	return found
}

func isUUID(text string) bool {
	return len(text) == 36 && strings.Count(text, "-") == 4 && strings.Trim(text, "0123456789abcdefABCDEF-") == ""
}

// checkActorID also warns of an ID that is not a user's: the API documents no others
// here, and another may match nothing.
func checkActorID(value string) *finding {
	found := checkID(value, `The API expects user IDs here, which begin with "user_".`)
	if found == nil && !strings.HasPrefix(value, "user_") {
		found = &finding{warning: true, summary: "Possibly not the ID of a user",
			detail: "The value " + quoted(value) + ` does not begin with "user_". The API documents only user IDs here; any other may match nothing, and a policy would then see nothing.`}
	}
	return found
}

// checkID refuses what would match nothing, since no ID has such characters.
func checkID(value, expected string) *finding {
	at := strings.IndexFunc(value, func(r rune) bool {
		return r != '_' && r != '-' && (r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	})
	if at < 0 {
		return nil
	}
	text := "The value " + quoted(value) + " is no ID and would match nothing: IDs have only letters from a to z, digits, _ and -. "
	switch r, _ := utf8.DecodeRuneInString(value[at:]); {
	case unicode.IsSpace(r):
		text += "It has a space or a line break in it; trimspace() removes them from both ends. "
	case strings.Contains(value, "@"):
		text += "It is an e-mail address. "
	case r == ',' || r == ';':
		text += "Write each ID as a value of its own; split() divides a list. "
	default:
		text += fmt.Sprintf("It has the character U+%04X. ", r)
	}
	return &finding{detail: text + expected}
}
