package provider

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
	"github.com/compliance-feed/terraform-provider-compliance/internal/compliance"
	"github.com/compliance-feed/terraform-provider-compliance/internal/feed"
)

// checkTopic refuses what is no topic. A new topic comes with a new version only, unlike a
// new type.
func checkTopic(value string) (fault, title string) {
	if slices.Contains(activitytype.TopicNames, value) {
		return "", ""
	}
	fault = "The value " + quoted(value) + " is no topic. "
	if nearest, ok := activitytype.NearestOf(activitytype.TopicNames, value); ok {
		fault += fmt.Sprintf("Did you mean %q? ", nearest)
	}
	return fault + "The topics are " + listed("and", activitytype.TopicNames...) + ".", ""
}

// validateTopics checks topics together with what else chooses or leaves out types. Values may
// be unknown.
func (f *filters) validateTopics() (diags diag.Diagnostics) {
	if f.Topics.IsNull() {
		return nil
	}
	if slices.Contains(stringsOf(f.Topics), activitytype.Unclassified) && (len(f.Topics.Elements()) > 1 || !f.ActivityTypes.IsNull()) {
		refuse(&diags, path.Root("topics"),
			fmt.Sprintf("%q is what no known type is, so it stands alone: without other topics, and without activity_types. Read the others with a block of their own.", activitytype.Unclassified))
	}
	for i, element := range f.Except.Elements() {
		entries, _ := element.(types.Map)
		if names, known := typesNamed(entries); names != nil || !known {
			continue
		}
		keys := slices.Sorted(maps.Keys(entries.Elements()))
		if own := slices.IndexFunc(keys, isOfTheType); own >= 0 {
			refuse(&diags, path.Root("except").AtListIndex(i),
				"The exception looks at the field "+quoted(keys[own])+" and names no type. A topic grows: what is harmless in one type may be the danger in next month's. "+
					"Add the types that it is for, without a pattern: type = [\"…\"].")
		}
	}
	return diags
}

// isOfTheType says whether what a key means depends on the activity's type.
func isOfTheType(key string) bool {
	name, _, _ := strings.Cut(key, ".")
	return !slices.Contains([]string{"type", "actor", "id", "organization_id", "organization_uuid"}, name)
}

// maxExcluded is how many characters of a query say which types are not asked for. Servers in
// between refuse queries of 8,000.
const maxExcluded = 6000

// askForTopics adds the types of topics to a request. What is unclassified cannot be asked for
// by name, and all names that it is not would be too long a query: so the server leaves out
// the everyday ones, which are most of a feed, and the read the others.
func askForTopics(request *feed.Request, topics []string) {
	if slices.Contains(topics, activitytype.Unclassified) {
		length := 0
		for _, name := range activitytype.Everyday() {
			if length += len(url.Values{"exclude_activity_types[]": {name}}.Encode()) + len("&"); length > maxExcluded {
				break
			}
			request.ExcludeActivityTypes = append(request.ExcludeActivityTypes, name)
		}
		slices.Sort(request.ExcludeActivityTypes)
		request.Skip = func(a *activity.Activity) bool { return activitytype.Of(a.Type).Classified() }
		return
	}
	for _, topic := range topics {
		request.ActivityTypes = append(request.ActivityTypes, activitytype.InTopic[topic]...)
	}
	slices.Sort(request.ActivityTypes)
	request.ActivityTypes = slices.Compact(request.ActivityTypes)
}

// typesAskedFor are those that are named, by themselves or by a topic; nil for all, or where
// nobody can tell.
func (f *filters) typesAskedFor() []string {
	topics := stringsOf(f.Topics)
	if slices.Contains(topics, activitytype.Unclassified) || slices.ContainsFunc(f.ActivityTypes.Elements(), attr.Value.IsUnknown) {
		return nil
	}
	names := stringsOf(f.ActivityTypes)
	for _, topic := range topics {
		names = append(names, activitytype.InTopic[topic]...)
	}
	return names
}

// refusedNames are the types that made the server refuse a read of topics, unless the user wrote
// one of them.
func (r readContext) refusedNames(err error, written []string) []string {
	status, ok := errors.AsType[*compliance.StatusError](err)
	if !ok {
		return nil
	}
	argument, names := r.argumentAtFault(status)
	if argument != "activity_types" && argument != "exclude_activity_types" ||
		slices.ContainsFunc(names, func(name string) bool { return slices.Contains(written, name) }) {
		return nil
	}
	return names
}

// withoutTypes is the request without these names, in whichever list they are.
func withoutTypes(request feed.Request, names []string) feed.Request {
	refused := func(name string) bool { return slices.Contains(names, name) }
	request.ActivityTypes = slices.DeleteFunc(slices.Clone(request.ActivityTypes), refused)
	request.ExcludeActivityTypes = slices.DeleteFunc(slices.Clone(request.ExcludeActivityTypes), refused)
	return request
}

func noLongerKnown(names []string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("topics"), "The server no longer knows an activity type",
		fmt.Sprintf("The topics brought %s, which the server refuses, so the read was sent again without. All other types of the topics were read. "+
			"A newer version of the provider may know what became of it.", allQuoted("and", names)))
}

func noTypeLeft() diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("topics"), "The server knows no type of the topics",
		"It refused each of them, and a read without types would be one of everything. Update the provider; until then, name the types in activity_types.")
}
