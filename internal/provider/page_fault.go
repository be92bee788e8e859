package provider

import (
	"fmt"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// faultText says why an answer is no page of the feed, to be continued with its request-id.
func faultText(fault *activity.PageError) string {
	owner := "the page"
	if fault.Activity > 0 {
		owner = fmt.Sprintf("activity %d of the page", fault.Activity)
	}
	switch fault.Fault {
	case activity.NotJSON:
		return fmt.Sprintf("the answer is not valid JSON at byte %d", fault.Offset)
	case activity.OtherKind:
		switch {
		case fault.Member != "":
			owner = fmt.Sprintf("%q", fault.Member)
		case fault.Activity == 0:
			owner = "the answer"
		}
		return fmt.Sprintf("%s is %s, not %s", owner, jsonKinds[fault.Got], jsonKinds[fault.Want])
	case activity.Missing:
		return fmt.Sprintf("%s has no %q", owner, fault.Member)
	case activity.Twice:
		return fmt.Sprintf("%s has %q twice", owner, fault.Member)
	case activity.SaysError:
		return fmt.Sprintf("the answer says in %q that it is an error", fault.Member)
	case activity.TooMany:
		things := "activities"
		if fault.Activity > 0 {
			things = "members"
		}
		return fmt.Sprintf("%s has more than %s %s", owner, thousands(fault.Limit), things)
	case activity.NoText:
		return fmt.Sprintf("%s has no %q that is a string", owner, fault.Member)
	case activity.Empty:
		return fmt.Sprintf("%s has an empty %q", owner, fault.Member)
	}
	return "something follows the page"
}

var jsonKinds = map[byte]string{'n': "null", 't': "a boolean", '"': "a string", '0': "a number", '{': "an object", '[': "an array", 0: "something else"}
