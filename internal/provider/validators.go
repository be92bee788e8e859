package provider

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/timerange"
)

// rule is a validator of our own, of values that are known and not null.
type rule struct {
	what  string // they must be
	check func(value attr.Value, at path.Path, diags *diag.Diagnostics)
}

func (r rule) Description(context.Context) string         { return "must be " + r.what }
func (r rule) MarkdownDescription(context.Context) string { return "must be " + r.what }

func (r rule) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	r.validate(req.ConfigValue, req.Path, &resp.Diagnostics)
}

func (r rule) ValidateNumber(_ context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	r.validate(req.ConfigValue, req.Path, &resp.Diagnostics)
}

func (r rule) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	r.validate(req.ConfigValue, req.Path, &resp.Diagnostics)
}

func (r rule) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	r.validate(req.ConfigValue, req.Path, &resp.Diagnostics)
}

func (r rule) validate(value attr.Value, at path.Path, diags *diag.Diagnostics) {
	if !value.IsNull() && !value.IsUnknown() {
		r.check(value, at, diags)
	}
}

// refuse adds the error of an argument, or of a part of one. Its path repeats no key.
func refuse(diags *diag.Diagnostics, at path.Path, detail string) {
	at = pathOf(at)
	diags.AddAttributeError(at, "Invalid "+at.String(), detail)
}

// pathOf is a path that repeats no key.
func pathOf(at path.Path) path.Path {
	for isKey(at.String()) {
		at = at.ParentPath()
	}
	return at
}

// stringRule is a rule for strings. Its check says in sentences what is wrong with one and what
// to write, and "" if all is well.
func stringRule(what string, check func(text string) string) rule {
	return rule{what, func(value attr.Value, at path.Path, diags *diag.Diagnostics) {
		if fault := check(value.(types.String).ValueString()); fault != "" {
			refuse(diags, at, fault)
		}
	}}
}

// checkedString is a rule for strings that no message repeats. What its check returns continues
// "The value".
func checkedString(what string, check func(text string) string) rule {
	return stringRule(what, func(text string) string {
		if fault := check(text); fault != "" {
			return "The value " + fault + "."
		}
		return ""
	})
}

// durationString is the rule for durations of at least so much.
func durationString(least time.Duration) rule {
	return stringRule("a duration", func(text string) string {
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
	})
}

// timeString is not timetypes.RFC3339 of terraform-plugin-framework-timetypes, which accepts
// forms that are not RFC 3339 (see [timerange.Parse]), and whose message shows the layout of
// Go's parser.
var timeString = stringRule("an RFC 3339 timestamp", func(text string) string {
	_, err := timerange.Parse(text)
	switch {
	case errors.Is(err, timerange.ErrYear):
		return "The value " + quoted(text) + " must be of the years 0000 to 9999, in UTC as well."
	case err != nil:
		return "The value " + quoted(text) + ` must be an RFC 3339 timestamp such as "2026-04-10T08:00:00Z", with "Z" or an offset such as "+02:00".`
	}
	return ""
})

// versionString is the rule for versions of the API.
var versionString = stringRule("a version", func(text string) string {
	if !compliance.ValidVersion(text) {
		return "The value " + quoted(text) + " must be a version such as " + quoted(compliance.DefaultVersion) + "."
	}
	return ""
})

// oneOf is not stringvalidator.OneOf, which repeats any value, a key's too.
func oneOf(values ...string) rule {
	what := allQuoted("or", values)
	return stringRule(what, func(text string) string {
		if slices.Contains(values, text) {
			return ""
		}
		return "The value " + quoted(text) + " must be " + what + "."
	})
}

// noMaximum is what fits in an int everywhere.
const noMaximum = math.MaxInt32

// wholeNumber is the rule for numbers that are counts, with advice for whoever meant something
// else. They are number attributes: for an int64 attribute the framework calls 1.5 a bug of the
// provider.
func wholeNumber(least, most int64, advice string) rule {
	what := fmt.Sprintf("a whole number from %d to %d", least, most)
	if most == noMaximum {
		what = fmt.Sprintf("a whole number, %d or more", least)
	}
	return rule{what, func(value attr.Value, at path.Path, diags *diag.Diagnostics) {
		given := value.(types.Number).ValueBigFloat()
		number, accuracy := given.Int64()
		fault := "must be " + what
		switch {
		case accuracy == big.Exact && least <= number && number <= most:
			return
		case number > noMaximum:
			fault = "is too large"
		}
		refuse(diags, at, strings.TrimSpace("The value "+given.Text('g', 20)+" "+fault+". "+advice))
	}}
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
var cursorString = checkedString("a cursor", func(text string) string {
	if text == "" {
		return "is empty, which is not a cursor; omit the argument, or set it to null, to start without one"
	}
	return ""
})

// filterSet is the rule for sets of IDs and types: an empty set or string, or a null
// in it, could be taken for "no filter" and let the wrong activities through. SizeAtLeast,
// NoNullValues and LengthAtLeast of terraform-plugin-framework-validators say what is wrong
// with such a set, but not what to do.
//
// The check is of values that are not empty: it says what is wrong with one, or "". What is only
// likely to be wrong has a title, that of a warning.
func filterSet(check func(value string) (fault, title string)) rule {
	return rule{"a set that is not empty, nor its elements", func(value attr.Value, set path.Path, diags *diag.Diagnostics) {
		refuseEmpty := func(what, advice string) {
			refuse(diags, set, what+`, which could be taken for "no filter". `+advice)
		}
		elements := value.(types.Set).Elements()
		if len(elements) == 0 {
			refuseEmpty("The set is empty", "Omit the argument, or set it to null, to read without this filter.")
		}
		for _, element := range elements {
			text := element.(types.String)
			switch {
			case text.IsUnknown():
				continue
			case text.IsNull():
				refuseEmpty("The set holds a null", "Leave it out, with compact() for instance.")
				continue
			case text.ValueString() == "":
				refuseEmpty("The set holds an empty string", "Leave it out, with compact() for instance.")
				continue
			}
			at := pathOf(set.AtSetValue(element))
			if fault, title := check(text.ValueString()); title != "" {
				diags.AddAttributeWarning(at, title, fault)
			} else if fault != "" {
				diags.AddAttributeError(at, "Invalid "+set.String(), fault)
			}
		}
	}}
}

// checkActivityType refuses what can be the name of no type, and warns of a type that is
// out of use or close to a known one. Any other name passes, since the server knows more
// types than this version of the provider.
func checkActivityType(value string) (fault, title string) {
	if !activitytype.IsName(value) {
		return notATypeText(value), ""
	}
	switch activitytype.Of(value).State {
	case activitytype.Retired:
		return fmt.Sprintf("%q is retired: nothing is recorded under it any more, so a policy that looks for it finds nothing new. "+
			"The API's reference lists the types that are recorded.", value), "An activity type that is no longer recorded"
	case activitytype.Removed:
		return fmt.Sprintf("%q is no longer in the API's list (%s). The server may refuse it, and with it the whole read; if so, leave it out.",
			value, activitytype.AsOf()), "An activity type that the API no longer lists"
	}
	if nearest, ok := activitytype.Nearest(value); ok {
		return fmt.Sprintf("%q is not among the activity types known in %s, but %q is. The server refuses types that it does not know; ignore this if yours is a newer one.",
			value, activitytype.AsOf(), nearest), "Possibly a misspelt activity type"
	}
	return "", ""
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
	if lower := strings.ToLower(strings.TrimSpace(value)); activitytype.Of(lower).State != activitytype.Unknown {
		return text + fmt.Sprintf("Write %q.", lower)
	}
	return text + `An example is "sso_login_failed".`
}

// checkOrganizationID refuses what can be no ID of an organization.
func checkOrganizationID(value string) (fault, title string) {
	const expected = `Organization IDs begin with "org_", or are UUIDs.`
	fault = checkID(value, expected)
	if fault == "" && !strings.HasPrefix(value, "org_") && !uuid.MatchString(value) {
		fault = "The value " + quoted(value) + " is no organization's ID. " + expected
	}
	return fault, ""
}

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// checkActorID also warns of an ID that is not a user's: the API documents no others
// here, and another may match nothing.
func checkActorID(value string) (fault, title string) {
	fault = checkID(value, `The API expects user IDs here, which begin with "user_"; an activity has them as actor.user_id.`)
	if fault == "" && !strings.HasPrefix(value, "user_") {
		return "The value " + quoted(value) + ` does not begin with "user_". The API documents only user IDs here; any other may match nothing, and a policy would then see nothing.`,
			"Possibly not the ID of a user"
	}
	return fault, ""
}

// letters are those of IDs.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// checkID refuses what would match nothing, since no ID has such characters.
func checkID(value, expected string) (fault string) {
	odd := strings.TrimLeft(value, letters+"0123456789_-")
	if odd == "" {
		return ""
	}
	fault = "The value " + quoted(value) + " is no ID and would match nothing: IDs have only letters from a to z, digits, _ and -. "
	switch r, _ := utf8.DecodeRuneInString(odd); {
	case unicode.IsSpace(r):
		fault += "It has a space or a line break in it; trimspace() removes them from both ends. "
	case strings.Contains(value, "@"):
		fault += "It is an e-mail address. "
	case r == ',' || r == ';':
		fault += "Write each ID as a value of its own; split() divides a list. "
	default:
		fault += fmt.Sprintf("It has the character U+%04X. ", r)
	}
	return fault + expected
}
