package provider

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The guide for people with an error in front of them names each title that a
// diagnostic can have, and none that is gone.
func TestOperationsNamesEveryTitle(t *testing.T) {
	t.Parallel()
	var titles []string
	for _, match := range regexp.MustCompile(`(?m)^(?:ERROR|WARNING): (.+)$`).FindAllStringSubmatch(fileText(t, filepath.Join("testdata", "diagnostics.golden")), -1) {
		titles = append(titles, match[1])
	}
	titles = append(titles, anotherHost) // which configuring the provider says, and no read
	slices.Sort(titles)
	titles = slices.Compact(titles)

	const guide = "../../templates/guides/operations.md.tmpl"
	_, section, found := strings.Cut(fileText(t, guide), "\n## What the messages mean\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !found || len(titles) < 40 {
		t.Fatalf("found %d titles, and the section: %t", len(titles), found)
	}
	named := map[string]bool{}
	for _, item := range regexp.MustCompile(`\*\*([^*]+)\*\*`).FindAllStringSubmatch(section, -1) {
		// An ellipsis stands for the name of an argument.
		title := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(item[1]), "…", ".+") + "$")
		gone := true
		for _, t := range titles {
			if title.MatchString(t) {
				named[t], gone = true, false
			}
		}
		if gone {
			t.Errorf("%s names %q, which no diagnostic is called", guide, item[1])
		}
	}
	for _, title := range titles {
		if !named[title] {
			t.Errorf("%s does not name %q", guide, title)
		}
	}
}
