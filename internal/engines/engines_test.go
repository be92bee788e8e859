package engines

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// both finds the versions of the two engines side by side: "Terraform 1.5, OpenTofu
// 1.6", "Terraform 1.10 or OpenTofu 1.11", "Terraform (1.5 or newer) and OpenTofu (1.6
// or newer)".
var both = regexp.MustCompile(`Terraform \(?(\d+\.\d+)(?: or newer\))?(?:,| or| and) OpenTofu \(?(\d+\.\d+)`)

func named(text string) (found []Versions) {
	for _, match := range both.FindAllStringSubmatch(text, -1) {
		found = append(found, Versions{match[1], match[2]})
	}
	return found
}

// feature returns what a page of that address is about.
func feature(page string) Versions {
	switch {
	case strings.Contains(page, "ephemeral-resources/"):
		return EphemeralResources
	case strings.Contains(page, "functions/"):
		return Functions
	}
	return DataSources
}

func TestPages(t *testing.T) {
	t.Parallel()
	pages := []string{"README.md"}
	for _, pattern := range []string{
		"docs/data-sources/*.md", "docs/ephemeral-resources/*.md", "docs/functions/*.md",
		"templates/data-sources/*.tmpl", "templates/ephemeral-resources/*.tmpl", "templates/functions/*.tmpl",
	} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		for _, page := range found {
			pages = append(pages, strings.TrimPrefix(filepath.ToSlash(page), root+"/"))
		}
	}
	for _, page := range pages {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			want := feature(page)
			found := named(read(t, page))
			for _, got := range found {
				if got != want {
					t.Errorf("names Terraform %s and OpenTofu %s, want %s and %s", got.Terraform, got.OpenTofu, want.Terraform, want.OpenTofu)
				}
			}
			// A page need not repeat what the whole provider needs.
			if len(found) == 0 && (page == "README.md" || want != DataSources) {
				t.Errorf("does not say that it needs Terraform %s or OpenTofu %s", want.Terraform, want.OpenTofu)
			}
		})
	}
}

// The index has a row for each object, which links its page.
func TestIndex(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`^\|.*\]\(https://registry\.terraform\.io/providers/compliance-feed/compliance/latest/docs/((?:data-sources|ephemeral-resources|functions)/\w+)\)`)
	for _, index := range []string{"docs/index.md", "templates/index.md.tmpl"} {
		t.Run(index, func(t *testing.T) {
			t.Parallel()
			var linked []string
			for line := range strings.Lines(read(t, index)) {
				match := link.FindStringSubmatch(line)
				if match == nil {
					continue
				}
				linked = append(linked, match[1])
				if got := named(line); !slices.Equal(got, []Versions{feature(match[1])}) {
					t.Errorf("%s: got %v, want %v", match[1], got, feature(match[1]))
				}
			}
			pages, err := filepath.Glob(filepath.Join(root, "docs", "*s", "*.md"))
			if err != nil {
				t.Fatal(err)
			}
			for _, page := range pages {
				page = strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(page), root+"/docs/"), ".md")
				if !strings.HasPrefix(page, "guides/") && !slices.Contains(linked, page) {
					t.Errorf("no row links %s", page)
				}
			}
		})
	}
}

// The guide to the state has a column for each object and a row with the versions.
func TestStateGuide(t *testing.T) {
	t.Parallel()
	for _, guide := range []string{"docs/guides/state.md", "templates/guides/state.md.tmpl"} {
		t.Run(guide, func(t *testing.T) {
			t.Parallel()
			var header, row []string
			for line := range strings.Lines(read(t, guide)) {
				if !strings.HasPrefix(line, "|") {
					continue
				}
				cells := strings.Split(line, "|")
				if header == nil {
					header = cells
				}
				if strings.TrimSpace(cells[1]) == "Terraform, OpenTofu" {
					row = cells
				}
			}
			if len(header) < 4 || len(row) != len(header) {
				t.Fatalf("header %q, row of versions %q", header, row)
			}
			for i := 2; i < len(header)-1; i++ {
				want := DataSources
				if strings.Contains(header[i], "ephemeral") {
					want = EphemeralResources
				}
				if got := strings.TrimSpace(row[i]); got != want.Terraform+", "+want.OpenTofu {
					t.Errorf("%s: got %s, want %s, %s", strings.TrimSpace(header[i]), got, want.Terraform, want.OpenTofu)
				}
			}
		})
	}
}

func TestWorkflowMatrix(t *testing.T) {
	t.Parallel()
	row := regexp.MustCompile(`\{ engine: (terraform|tofu), version: "~(\d+\.\d+)\.0" \}`)
	got := map[string][]string{}
	for _, match := range row.FindAllStringSubmatch(read(t, ".github/workflows/test.yml"), -1) {
		got[match[1]] = append(got[match[1]], match[2])
	}
	terraform, openTofu := Tested()
	for engine, want := range map[string][]string{"terraform": terraform, "tofu": openTofu} {
		if !slices.Equal(got[engine], want) {
			t.Errorf("the matrix has %s %v, want %v", engine, got[engine], want)
		}
	}
}

// Where one Terraform is enough, it is the newest. Users take over one that is there.
func TestTerraformOfWorkflows(t *testing.T) {
	t.Parallel()
	for workflow, want := range map[string]string{
		".github/workflows/test.yml":                       "~" + Newest.Terraform + ".0",
		"examples/pipelines/github-actions/audit-gate.yml": "1.11.4",
	} {
		found := regexp.MustCompile(`terraform_version: "?([~0-9.]+)`).FindAllStringSubmatch(read(t, workflow), -1)
		if len(found) == 0 {
			t.Errorf("%s has no version of Terraform", workflow)
		}
		for _, match := range found {
			if match[1] != want {
				t.Errorf("%s has Terraform %s, want %s", workflow, match[1], want)
			}
		}
	}
}

// The OpenTofu that everybody's tests run with.
func TestPinnedOpenTofu(t *testing.T) {
	t.Parallel()
	match := regexp.MustCompile(`github\.com/opentofu/opentofu v(\d+\.\d+)\.`).FindStringSubmatch(read(t, "tools/opentofu/go.mod"))
	if match == nil || match[1] != Newest.OpenTofu {
		t.Errorf("got %q, want %s", match, Newest.OpenTofu)
	}
}

func TestTested(t *testing.T) {
	t.Parallel()
	if got, want := sorted([]string{"1.15", "1.5", "1.10", "1.5"}), []string{"1.5", "1.10", "1.15"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestKnownTo(t *testing.T) {
	t.Parallel()
	for engine, want := range map[string]bool{
		"Terraform v1.9.8\non linux_amd64":  false,
		"Terraform v1.10.0\non linux_amd64": true,
		"Terraform v1.17.0-dev":             true,
		"OpenTofu v1.10.10":                 false,
		"OpenTofu v1.11.0":                  true,
		"something else":                    false,
	} {
		if got := EphemeralResources.KnownTo(engine); got != want {
			t.Errorf("%q: got %t, want %t", engine, got, want)
		}
	}
}
