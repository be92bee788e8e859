package provider

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
)

// explainStatus is about an answer other than 200. The status and error.type tell the
// cases apart, since they are the API's contract. The message is for people and may
// change, so it decides only what they leave open, and every case has advice for a
// message that nobody has seen yet.
func (r readContext) explainStatus(err *compliance.StatusError) (summary, happened, advice string) {
	happened = quoteAnswer(err)
	switch {
	case err.RedirectHost != "" && err.Status < 400:
		return "The server redirects to another address", happened,
			"Redirects are not followed, since the key would go along. Check " + r.base() + ": did you mean " + err.RedirectHost + "?"
	case isTooLongQuery(err):
		return "The query is too long for a server in between", happened + queryLength(err.QueryLength), longQueryAdvice
	case err.Status == 413:
		return pageTooLarge, happened, ""
	case err.Type == "":
		return r.explainInBetween(err)
	case err.Status == 400:
		return r.explainRejection(err)
	case err.Status == 401 && err.Type == "authentication_error":
		return "The API key was refused", happened,
			"The key came from " + r.keyOrigin + ". It was deactivated, has expired or is mistyped: set the right one, activate it again, or make a new one. " + keyOrder + " " + whereKeysAreMade
	case err.Status == 403 && err.Type == "permission_error":
		return r.explainPermission(err)
	case err.Status == 404 && err.Type == "not_found_error":
		return "No activity feed was found with this key", happened,
			"The API answers a key of the wrong kind like this, and none at all. The key came from " + r.keyOrigin + ". " + whereKeysAreMade +
				" If the key is right, check " + r.base() + ": " + err.URL + " was asked."
	case err.Status == 429:
		return "The rate limit is used up", happened + resumeText(err), "Run it again after the reset, or raise max_retries. " + rateLimitAdvice
	case err.Status == 408 || err.Status >= 500:
		return "The server could not answer", happened, "This is a fault of the server. " + laterAdvice + quoteRequestID(err.RequestID)
	}
	return "The server gave an unexpected answer", happened, "Check " + r.base() + " and any proxy in between." + quoteRequestID(err.RequestID)
}

const (
	laterAdvice = "Run it again later; max_retries says how often a page is tried again."

	// longQueryAdvice is for whatever refuses a long query, by a status or otherwise.
	longQueryAdvice = "Many proxies and gateways take no more than about 8,000 characters. Use fewer values in activity_types, exclude_activity_types, actor_ids and " +
		"organization_ids. All but exclude_activity_types can be divided between several reads."

	whereEnabled = "In claude.ai, the primary owner enables it under Organization settings > API, for all organizations with the same parent; where there is only the Claude Console, " +
		"an admin does, under Settings > Security. An API can switch it as well (compliance_settings). The feed has nothing from the time before, and an Admin API key has to be made afterwards."
)

func queryLength(bytes int) string { return " The query is " + thousands(bytes) + " characters long." }

var keyOrder = "The argument api_key comes first, then " + listed("and", keyVariables...) + " in the environment."

// quoteAnswer is what the server said, as in: HTTP 403, permission_error: "Missing
// required scopes. …" (request-id req_01A).
func quoteAnswer(err *compliance.StatusError) string {
	answer := fmt.Sprintf("HTTP %d", err.Status)
	if err.Type != "" {
		answer += ", " + err.Type
	}
	if err.Code != "" {
		answer += " (" + err.Code + ")"
	}
	switch {
	case err.RedirectHost != "" && err.Status < 400:
		answer += ", a redirect to " + err.RedirectHost
	case err.HTML:
		answer += ", with an HTML page"
	case err.Message != "":
		answer += `: "` + err.Message + `"` // has no line breaks or control characters
	}
	return answer + parenthesis(err.RequestID) + "."
}

func resumeText(err *compliance.StatusError) string {
	if err.ResumeAt.IsZero() {
		return ""
	}
	return fmt.Sprintf(" The limit resets at %s.", clock(err.ResumeAt))
}

// isTooLongQuery includes a 400 that is not the API's: some servers have no other status
// for a long query.
func isTooLongQuery(err *compliance.StatusError) bool {
	return err.Status == 414 || err.Status == 431 || err.Type == "" && err.Status == 400 && err.QueryLength > compliance.LongQuery
}

// explainInBetween is about an answer that is not the API's, whatever its status: it says
// nothing about the key or the arguments, which the API may not have seen.
func (r readContext) explainInBetween(err *compliance.StatusError) (summary, happened, advice string) {
	happened = quoteAnswer(err) + " The API's errors have a type, and this one has none, so it comes from something in between: a proxy, a gateway or a firewall."
	ways := r.base() + ", HTTPS_PROXY and NO_PROXY"
	switch status := err.Status; {
	case status == 407:
		advice = "It asks for a user name and a password. They belong in the URL of HTTPS_PROXY; or name the API's host in NO_PROXY, to reach it without a proxy."
	case status == 401 || status == 403:
		advice = "Ask whoever runs it to let the request through, or use another way: check " + ways + ". The answer says nothing about the API key."
	case status == 404:
		advice = err.URL + " was asked: check " + ways + ". The answer says nothing about the API key."
	case status == 408 || status == 429 || status >= 500:
		happened += resumeText(err)
		advice = laterAdvice + " If it persists, ask whoever runs what is in between, and check " + ways + "."
	default:
		advice = "Ask whoever runs it, and check " + ways + "."
	}
	if err.Status < 500 && err.QueryLength > compliance.LongQuery {
		advice += queryLength(err.QueryLength) + " That may be the reason. " + longQueryAdvice
	}
	return "Something other than the API answered", happened, advice
}

// explainPermission tells the two causes of a 403 apart, whose status and type are the same.
func (r readContext) explainPermission(err *compliance.StatusError) (summary, happened, advice string) {
	happened, advice = quoteAnswer(err), "The key came from "+r.keyOrigin+". "
	if isForeignOrganization(err) {
		return "The API key may not read these organizations", happened, advice +
			"It does not cover all of organization_ids: correct the list, omit it to read all that the key covers, or use a key of the parent organization."
	}
	advice += "Either it was made without the scope read:compliance_activities (scopes cannot be changed later, make a new key), " +
		"or it is an Admin API key from before the Compliance API was enabled for the organization (make a new one)."
	if !strings.Contains(err.Message, "scopes") && r.request.OrganizationIDs != nil {
		advice += " If neither applies, the key may not cover all of organization_ids."
	}
	return "The API key may not read the activity feed", happened, advice
}

func isForeignOrganization(err *compliance.StatusError) bool {
	return err.Status == 403 && err.Type == "permission_error" && strings.Contains(err.Message, "outside this API key")
}

// explainRejection is about a 400 of the API.
func (r readContext) explainRejection(err *compliance.StatusError) (summary, happened, advice string) {
	summary, happened = "The server rejected the request", quoteAnswer(err)
	argument, values := r.argumentAtFault(err)
	switch len(values) {
	case 0:
	case 1:
		happened += " The value at that place is " + quoted(values[0]) + "."
	default:
		happened += " The values at these places are " + allQuoted("and", values) + "."
	}
	switch {
	case isNotEnabled(err):
		return "The Compliance API is not enabled for the organization", happened, whereEnabled + " The organization is that of the key, which came from " + r.keyOrigin + "."
	case argument == "after_id" || argument == "before_id":
		return "The server does not accept the cursor in " + argument, happened,
			"A cursor must be the first_id or last_id of an earlier read, unchanged. Without one, the read starts from the beginning."
	case len(values) > 0 && (argument == "activity_types" || argument == "exclude_activity_types"):
		return "The server does not know an activity type", happened, unknownTypeAdvice(argument, values)
	case len(values) > 0:
		return summary, happened, "Correct it in " + argument + ", or remove it."
	case strings.HasPrefix(err.Message, "Unknown query parameter"):
		return summary, happened, "The provider sends only parameters that the API documents. Look for a newer version of the provider, and check " + r.base() + " and anything in between that may have changed the query."
	}
	return summary, happened, "Check the arguments, first of all those that the message names."
}

// isNotEnabled looks at the message: nothing else distinguishes this from other bad requests.
func isNotEnabled(err *compliance.StatusError) bool {
	return err.Status == 400 && err.Type != "" && strings.Contains(err.Message, "not enabled")
}

var (
	// listValue is how the API names a value: activity_types[].0, from 0.
	listValue = regexp.MustCompile(`\b(organization_ids|actor_ids|activity_types|exclude_activity_types)(?:\[\])?\.(\d+)\b`)
	cursor    = regexp.MustCompile(`\b(?:activity|after|before)_id\b`)
)

// argumentAtFault is the argument that an answer of the API is about, with those of its
// values that the answer names by their index; "" if there is no telling. The index counts
// the values as they were sent.
func (r readContext) argumentAtFault(err *compliance.StatusError) (argument string, values []string) {
	switch {
	case isForeignOrganization(err) && r.request.OrganizationIDs != nil:
		return "organization_ids", nil
	case err.Status != 400 || err.Type == "" || isNotEnabled(err):
		return "", nil
	}
	sent := map[string][]string{
		"organization_ids": r.request.OrganizationIDs, "actor_ids": r.request.ActorIDs,
		"activity_types": r.request.ActivityTypes, "exclude_activity_types": r.request.ExcludeActivityTypes,
	}
	for _, match := range listValue.FindAllStringSubmatch(err.Message, -1) {
		if argument != "" && match[1] != argument || sent[match[1]] == nil {
			continue
		}
		argument = match[1]
		if i, tooLarge := strconv.Atoi(match[2]); tooLarge == nil && i < len(sent[argument]) {
			if value := sent[argument][i]; !slices.Contains(values, value) {
				values = append(values, value)
			}
		}
	}
	switch {
	case argument != "" || !cursor.MatchString(err.Message):
		return argument, values
	case r.request.AfterID != "":
		return "after_id", nil
	case r.request.BeforeID != "":
		return "before_id", nil
	}
	return "", nil
}

// unknownTypeAdvice is what to do about activity types that the server does not know, or
// does not know any more.
func unknownTypeAdvice(argument string, values []string) string {
	var advice []string
	for _, value := range values {
		switch activitytype.Of(value).State {
		case activitytype.Unknown:
			if nearest, ok := activitytype.Nearest(value); ok {
				advice = append(advice, fmt.Sprintf("Did you mean %q?", nearest))
			}
		case activitytype.Removed:
			advice = append(advice, quoted(value)+" was removed from the API's list of types.")
		default:
			advice = append(advice, fmt.Sprintf("This version of the provider knows %q from the API's list of %s, so it has been removed since. "+
				"A newer version may have a newer list.", value, activitytype.AsOf()))
		}
	}
	return strings.Join(append(advice, "Check the name against the API's reference, and correct it in "+argument+" or remove it."), " ")
}
