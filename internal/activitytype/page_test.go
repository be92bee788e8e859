package activitytype

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var pageFlag = flag.String("page", "", "the `file` to complete with all types, instead of comparing the one in docs/")

// TestPage compares the guide that has every activity type by topic with the lists, or writes it:
// scripts/docs does.
func TestPage(t *testing.T) {
	t.Parallel()
	const marker = "TestPage -args -page -->\n"
	file := cmp.Or(*pageFlag, "../../docs/guides/activity-types.md")
	page, err := os.ReadFile(file)
	intro, _, found := strings.Cut(string(page), marker)
	if err != nil || !found {
		t.Fatalf("%s has no place for the types: %v", file, err)
	}
	want := intro + marker + typesPage()
	if *pageFlag != "" {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(page) != want {
		t.Errorf("%s is not what the lists say; run make generate", file)
	}
}

func typesPage() string {
	var page strings.Builder
	var links []string
	for _, topic := range Topics {
		links = append(links, fmt.Sprintf("[%s](#%[1]s)", topic.Name))
	}
	fmt.Fprintf(&page, "\nThe topics, as of %s: %s.\n", AsOf(), strings.Join(links, ", "))
	part := ""
	for _, topic := range Topics {
		if topic.Part != part {
			part = topic.Part
			fmt.Fprintf(&page, "\n## %s\n", part)
		}
		fmt.Fprintf(&page, "\n### %s\n\n**%s** %s\n\n%s", topic.Name, topic.Question, topic.Definition, lines(topic.Name))
	}
	if undecided := lines(""); undecided != "" {
		fmt.Fprintf(&page, "\n## %s\n\nNobody has decided yet where these belong.\n\n%s", Unclassified, undecided)
	}
	return page.String()
}

// lines are the types of a topic, a line each.
func lines(topic string) (lines string) {
	for _, t := range Types {
		if t.Topic != topic {
			continue
		}
		line := []string{"- `" + t.Name + "`:", t.Meaning, withCode(t)}
		if len(t.Fields) > 0 {
			line = append(line, "Fields: "+code(t.Fields)+".")
		}
		if len(t.Actors) > 0 {
			line = append(line, "Actors: "+code(t.Actors)+".")
		}
		lines += strings.Join(strings.Fields(strings.Join(line, " ")), " ") + "\n"
	}
	return lines
}

func code(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

// withCode marks what a note says of fields and values, some of which Markdown would take for emphasis.
func withCode(t Type) string {
	term := `[\w.*:@-]*[_=*][\w.*:@=-]*[\w*]`
	if len(t.Fields) > 0 {
		term += `|\b(` + strings.Join(t.Fields, "|") + `)\b`
	}
	return regexp.MustCompile(term).ReplaceAllString(t.Note, "`$0`")
}
