// Command types-page prints the guide that has every activity type by topic, from the lists of internal/activitytype.
package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
)

const intro = `---
page_title: "Activity types"
description: |-
  What the Activity Feed records: every known activity type by topic, with its meaning, its fields and its actors.
---

# Activity types

What is recorded when somebody signs in, makes a key, shares an artifact? These are the activity types known in %s, each in one topic, in the order in which a security engineer asks.
` + "`topics = [\"credential_created\"]`" + ` asks for all types of a topic, in lists and summaries. About 50 new types come each month. A version of the provider that does not know one finds it under
` + "`topics = [\"unclassified\"]`" + `.

- A topic goes by **effect**: whatever makes a new secret is in ` + "`credential_created`" + `, whether it is called a key, a token or a tunnel. What a name leaves open counts as the dangerous direction; the words behind a type say
  which value is harmless, for ` + "`except`" + `, and what is in doubt.
- **Fields** are those of the type's own, as keys of ` + "`except` and `group_by`" + ` and as members of ` + "`extra`" + `. Every type may have ` + "`id`, `created_at`, `organization_id`, `organization_uuid` and `actor`" + ` besides. No fields are named for types
  that the API's reference has not described yet.
- **Actors** are named where not all kinds cause the type.
- Since 2026-09-24 ` + "`filename` and `title`" + ` of activities on files, project documents and artifacts are empty or absent, on past activities too.
`

func main() {
	fmt.Printf(intro, activitytype.AsOf())
	var links []string
	for _, topic := range activitytype.Topics {
		links = append(links, fmt.Sprintf("[%s](#%[1]s)", topic.Name))
	}
	fmt.Printf("\nThe topics: %s.\n", strings.Join(links, ", "))
	part := ""
	for _, topic := range activitytype.Topics {
		if topic.Part != part {
			part = topic.Part
			fmt.Printf("\n## %s\n", part)
		}
		fmt.Printf("\n### %s\n\n**%s** %s\n\n%s", topic.Name, topic.Question, topic.Definition, types(topic.Name))
	}
	if lines := types(""); lines != "" {
		fmt.Printf("\n## %s\n\nNobody has decided yet where these belong.\n\n%s", activitytype.Unclassified, lines)
	}
}

// types are those of a topic, a line each.
func types(topic string) (lines string) {
	for _, t := range activitytype.Types {
		if t.Topic != topic {
			continue
		}
		line := []string{"- `" + t.Name + "`:", t.Meaning, withCode(t)}
		if len(t.Fields) > 0 {
			line = append(line, "Fields: "+list(t.Fields)+".")
		}
		if len(t.Actors) > 0 {
			line = append(line, "Actors: "+list(t.Actors)+".")
		}
		lines += strings.Join(strings.Fields(strings.Join(line, " ")), " ") + "\n"
	}
	return lines
}

func list(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

// withCode marks what a note says of fields and values, some of which Markdown would take for emphasis.
func withCode(t activitytype.Type) string {
	term := `[\w.*:@-]*[_=*][\w.*:@=-]*[\w*]`
	if len(t.Fields) > 0 {
		term += `|\b(` + strings.Join(t.Fields, "|") + `)\b`
	}
	return regexp.MustCompile(term).ReplaceAllString(t.Note, "`$0`")
}
