package provider

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// stringValidator is a rule for strings. No message repeats the value: it may be sensitive,
// which Terraform does not tell a provider, and Terraform shows the line that it is from.
type stringValidator struct {
	what  string             // the value should be
	check func(string) error // its error continues "The value …"
}

func checkedString(what string, check func(string) error) validator.String {
	return stringValidator{what: what, check: check}
}

var durationString = checkedString("a duration", func(text string) error {
	_, err := timerange.ParseDuration(text)
	return err
})

// timeString is not timetypes.RFC3339 of terraform-plugin-framework-timetypes, which accepts
// forms that are not RFC 3339 (see [timerange.Parse]), and whose message shows the layout of
// Go's parser.
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
	if err := v.check(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid "+req.Path.String(), "The value "+err.Error()+".")
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
		switch at := req.Path.AtSetValue(element); {
		case found == nil:
		case found.warning:
			resp.Diagnostics.AddAttributeWarning(at, found.summary, found.detail)
		default:
			resp.Diagnostics.AddAttributeError(at, "Invalid "+req.Path.String(), found.detail)
		}
	}
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
		pattern, names := "sso_*", "the known names that match"
		if activitytype.Quotable(value) {
			pattern = value
			if matches, err := activitytype.Match(value); err == nil {
				names += fmt.Sprintf(" (%d now)", len(matches))
			}
		}
		return fmt.Sprintf("A value is a pattern, but the API accepts only names. Use provider::compliance::activity_types(%q) instead, "+
			"and concat() to add other names. It returns %s, and needs Terraform 1.8 or OpenTofu 1.7.", pattern, names)
	}
	const text = "A value is not an activity type: names have only lower-case letters, digits and underscores. "
	if lower := strings.ToLower(strings.TrimSpace(value)); activitytype.StateOf(lower) != activitytype.Unknown {
		return text + fmt.Sprintf("Write %q.", lower)
	}
	return text + `An example is "sso_login_failed".`
}

// checkOrganizationID refuses what can be no ID at all, and warns of what hardly can.
func checkOrganizationID(value string) *finding {
	const expected = `Organization IDs begin with "org_", or are UUIDs.`
	found := checkID(value, expected)
	if found == nil && !strings.HasPrefix(value, "org_") && !isUUID(value) {
		found = &finding{warning: true, summary: "Possibly not the ID of an organization",
			detail: "A value is neither. " + expected + " The server may refuse it, or find nothing for it."}
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
			detail: `A value does not begin with "user_". The API documents only user IDs here; any other may match nothing, and a policy would then see nothing.`}
	}
	return found
}

func checkID(value, expected string) *finding {
	switch {
	case strings.ContainsFunc(value, unicode.IsSpace):
		return &finding{detail: "A value has a space or a line break in it, which no ID has; trimspace() removes them from both ends. " + expected}
	case strings.Contains(value, "@"):
		return &finding{detail: "A value is an e-mail address, which would match nothing. " + expected}
	}
	return nil
}
