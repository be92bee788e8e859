package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activitytype"
)

// These tests keep the files around the code in agreement.

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func submatches(pattern, text string) (found []string) {
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	slices.Sort(found)
	return found
}

func TestEachDependencyHasAReason(t *testing.T) {
	t.Parallel()
	required := submatches(`(?m)^(?:require|\t)\s*(\S+) v\S+$`, readFile(t, "go.mod"))
	_, list, found := strings.Cut(readFile(t, "CONTRIBUTING.md"), "### Dependencies of the provider")
	if !found || len(required) == 0 {
		t.Fatalf("CONTRIBUTING.md has the list: %t; go.mod requires %v", found, required)
	}
	if reasons := submatches("(?m)^- `(\\S+/\\S+)`: \\S", list); !slices.Equal(reasons, required) {
		t.Errorf("CONTRIBUTING.md gives reasons for\n%s\ngo.mod requires\n%s", strings.Join(reasons, "\n"), strings.Join(required, "\n"))
	}
}

// The fake stands alone, and has a copy of the names that a query may have.
func TestTheFakeHasTheSameTypes(t *testing.T) {
	t.Parallel()
	var names strings.Builder
	for _, known := range activitytype.All() {
		if known.State != activitytype.Removed {
			names.WriteString(known.Name + "\n")
		}
	}
	if names.String() != readFile(t, "internal/fakeapi/testdata/activity-types.txt") {
		t.Error("the lists differ; make update-activity-types writes both")
	}
}

// A tag can be moved to other code, a commit cannot.
func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	workflows, err := filepath.Glob(".github/workflows/*.yml")
	if err != nil || len(workflows) == 0 {
		t.Fatal(workflows, err)
	}
	pinned := regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	versions := map[string]string{}
	for _, workflow := range workflows {
		text := readFile(t, workflow)
		if !strings.Contains(text, "\npermissions:\n  contents: read\n\n") {
			t.Errorf("%s does not begin with no more permissions than reading", workflow)
		}
		for _, action := range submatches(`uses: (.+)`, text) {
			if strings.HasPrefix(action, "./") {
				continue
			}
			if !pinned.MatchString(action) {
				t.Errorf("%s uses %s, which is not pinned to a commit with the version beside it", workflow, action)
			}
			name, version, _ := strings.Cut(action, "@")
			if other := versions[name]; other != "" && other != version {
				t.Errorf("%s is used at %s and at %s", name, other, version)
			}
			versions[name] = version
		}
	}
}

// The workflows take the newest patch release of Go. What go.mod names is the oldest that is
// enough for the provider: its standard library may be vulnerable, and it may be too old for
// a tool.
func TestGoOfTheWorkflows(t *testing.T) {
	t.Parallel()
	minor := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(readFile(t, "go.mod"))[1]
	workflows, err := filepath.Glob(".github/workflows/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, workflow := range workflows {
		text := readFile(t, workflow)
		versions := submatches(`go-version: "?([^"\n]+)`, text)
		for _, version := range versions {
			if version != minor+".x" && version != "stable" {
				t.Errorf("%s has Go %s, want %s.x", workflow, version, minor)
			}
		}
		if len(versions) != strings.Count(text, "actions/setup-go@") || len(versions) != strings.Count(text, "check-latest: true") {
			t.Errorf("%s does not take the newest Go wherever it sets one up", workflow)
		}
	}
}

func TestChangelog(t *testing.T) {
	t.Parallel()
	text := readFile(t, "CHANGELOG.md")
	headings := submatches(`(?m)^## (.+)$`, text)
	if !slices.Contains(headings, "[Unreleased]") {
		t.Error("has no part Unreleased")
	}
	version := regexp.MustCompile(`^\[(Unreleased|\d+\.\d+\.\d+(?:-[\w.]+)?)\](?: - \d{4}-\d\d-\d\d)?$`)
	for _, heading := range headings {
		match := version.FindStringSubmatch(heading)
		if match == nil || (match[1] == "Unreleased") != (heading == "[Unreleased]") {
			t.Errorf("the heading %q is no version with a date", heading)
		} else if !strings.Contains(text, "\n["+match[1]+"]: https://") {
			t.Errorf("%s has no link", heading)
		}
	}
	categories := []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
	about := regexp.MustCompile(`^- (provider|data-source/compliance_\w+|ephemeral/compliance_\w+|function/\w+): \S`)
	category := ""
	for line := range strings.Lines(text) {
		if heading, ok := strings.CutPrefix(line, "### "); ok {
			category = strings.TrimSpace(heading)
			if category != "Upgrade notes" && !slices.Contains(categories, category) {
				t.Errorf("%q is no category", category)
			}
		}
		if strings.HasPrefix(line, "- ") && category != "Upgrade notes" && !about.MatchString(line) {
			t.Errorf("does not say what it is about: %s", line)
		}
	}
}

// What users are told to ask for is in one place, which make release-check compares with the
// tag. All else follows it, the version that the tests and the demo install too.
func TestVersionConstraint(t *testing.T) {
	t.Parallel()
	constraint := regexp.MustCompile(`"compliance-feed/compliance"\n\s*version\s*=\s*"([^"]+)"`)
	one := constraint.FindStringSubmatch(readFile(t, "examples/provider/provider.tf"))
	if one == nil || !strings.HasPrefix(one[1], "~> ") {
		t.Fatalf("examples/provider/provider.tf asks for %q", one)
	}
	asked := 0
	repository := os.DirFS(".")
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/*/*.md", "templates/*.tmpl", "templates/*/*.tmpl", "examples/*/*.tf", "examples/*/*/*.tf", "examples/*/*/*/*.tf"} {
		files, err := fs.Glob(repository, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, match := range constraint.FindAllStringSubmatch(readFile(t, file), -1) {
				asked++
				// A module leaves the upper end to who calls it.
				if match[1] != one[1] && match[1] != strings.Replace(one[1], "~>", ">=", 1) {
					t.Errorf("%s asks for version %q, examples/provider/provider.tf for %q", file, match[1], one[1])
				}
			}
		}
	}
	if asked < 3 {
		t.Errorf("%d files ask for a version, want provider.tf, the index and README at least", asked)
	}
	installed := strings.TrimPrefix(one[1], "~> ") + ".0"
	for file, text := range map[string]string{"internal/enginetest/enginetest.go": `installed = "` + installed + `"`, "scripts/install": "version=" + installed + "+local."} {
		if !strings.Contains(readFile(t, file), text) {
			t.Errorf("%s does not install version %s", file, installed)
		}
	}
}

// A page of a registry is where somebody starts, so its first example works as it is.
func TestFirstExamplesAreComplete(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?s)```terraform\n(.*?)```")
	repository := os.DirFS(".")
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		files, err := fs.Glob(repository, pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			text := readFile(t, file)
			first := block.FindStringSubmatch(text)
			switch {
			case first == nil && !strings.HasPrefix(file, "docs/guides/"):
				t.Errorf("%s has no example", file)
			case first == nil, strings.Contains(first[1], "mock_provider"): // a test, which goes beside a configuration
			case !strings.Contains(first[1], "required_providers"):
				t.Errorf("the first example of %s does not say where the provider comes from", file)
			}
			if !strings.HasPrefix(file, "docs/guides/") && !strings.Contains(text, "\n## Example Usage\n") {
				t.Errorf("%s has no heading Example Usage, which is what registries call it", file)
			}
		}
	}
}

// A module in tools/ that nothing uses would rot.
func TestToolsAreUsed(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Glob("tools/*/go.mod")
	if err != nil || len(modules) == 0 {
		t.Fatal(modules, err)
	}
	users := readFile(t, "GNUmakefile")
	for _, pattern := range []string{"scripts/*", "examples/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil {
				t.Fatal(err)
			} else if !info.IsDir() {
				users += readFile(t, file)
			}
		}
	}
	for _, module := range modules {
		tool := filepath.Base(filepath.Dir(module))
		if !regexp.MustCompile(`\$\(tools\)/` + tool + `\b|tools/` + tool + `\b|"` + tool + `"`).MatchString(users) {
			t.Errorf("nothing uses %s", tool)
		}
	}
}
