package main

import (
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
	for _, known := range activitytype.Types {
		if known.State != activitytype.Removed {
			names.WriteString(known.Name + "\n")
		}
	}
	if names.String() != readFile(t, "internal/fakeapi/testdata/activity-types.txt") {
		t.Error("the lists differ; make update-activity-types writes both")
	}
}

// A tag can be moved to other code, a commit cannot. And a workflow takes the newest patch release
// of Go: what go.mod names is only the oldest that is enough for the provider.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	workflows := glob(t, ".github/workflows/*.yml", "examples/pipelines/github-actions/*.yml")
	minor := submatches(`(?m)^go (\d+\.\d+)`, readFile(t, "go.mod"))[0]
	newestGo := regexp.MustCompile(`go-version: ("` + minor + `\.x"|stable)\n +check-latest: true`)
	pinned := regexp.MustCompile(`^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for _, workflow := range workflows {
		text := readFile(t, workflow)
		for _, action := range submatches(`uses: (.+)`, text) {
			if !strings.HasPrefix(action, "./") && !pinned.MatchString(action) {
				t.Errorf("%s uses %s, which is not pinned to a commit with the version beside it", workflow, action)
			}
		}
		if strings.HasPrefix(workflow, "examples/") {
			if strings.Contains(text, "\n  pull_request_target:") || strings.Contains(text, "actions/cache") {
				t.Errorf("%s gives what it has to the code of a fork, or keeps it", workflow)
			}
			continue
		}
		if !strings.Contains(text, "\npermissions:\n  contents: read\n\n") {
			t.Errorf("%s does not begin with no more permissions than reading", workflow)
		}
		if len(newestGo.FindAllString(text, -1)) != strings.Count(text, "actions/setup-go@") {
			t.Errorf("%s does not take the newest Go %s wherever it sets one up", workflow, minor)
		}
	}
	conftest := submatches(`open-policy-agent/conftest (v[0-9.]+)`, readFile(t, "tools/conftest/go.mod"))
	if !strings.Contains(readFile(t, "examples/pipelines/github-actions/audit-gate.yml"), "open-policy-agent/conftest@"+conftest[0]) {
		t.Errorf("the pipeline installs another conftest than %s, with which the policies are tested", conftest[0])
	}
}

// glob are the files that match one of the patterns, each of which has some.
func glob(t *testing.T, patterns ...string) (all []string) {
	t.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			all = append(all, filepath.ToSlash(file))
		}
	}
	return all
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
	for _, file := range glob(t, "README.md", "docs/*.md", "docs/*/*.md", "examples/*/*.tf", "examples/*/*/*.tf", "examples/*/*/*/*.tf") {
		for _, match := range constraint.FindAllStringSubmatch(readFile(t, file), -1) {
			// A module leaves the upper end to who calls it.
			if match[1] != one[1] && match[1] != strings.Replace(one[1], "~>", ">=", 1) {
				t.Errorf("%s asks for version %q, examples/provider/provider.tf for %q", file, match[1], one[1])
			}
		}
	}
	if installed := strings.TrimPrefix(one[1], "~> ") + ".0"; !strings.Contains(readFile(t, "scripts/install"), "version="+installed+"+local.") {
		t.Errorf("scripts/install does not install version %s", installed)
	}
}

// A page of a registry is where somebody starts, so its first example works as it is.
func TestFirstExamplesAreComplete(t *testing.T) {
	t.Parallel()
	block := regexp.MustCompile("(?s)```terraform\n(.*?)```")
	for _, file := range glob(t, "docs/*.md", "docs/*/*.md") {
		text := readFile(t, file)
		guide := strings.HasPrefix(file, "docs/guides/")
		first := block.FindStringSubmatch(text)
		// A test with mocks goes beside a configuration.
		if first != nil && !strings.Contains(first[1], "required_providers") && !strings.Contains(first[1], "mock_provider") {
			t.Errorf("the first example of %s does not say where the provider comes from", file)
		}
		if !guide && (first == nil || !strings.Contains(text, "\n## Example Usage\n")) {
			t.Errorf("%s has no example below the heading Example Usage, which is what registries call it", file)
		}
	}
}
