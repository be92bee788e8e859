package enginetest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// named finds the versions of the two engines side by side: "Terraform 1.5, OpenTofu 1.6",
// "Terraform 1.10 or OpenTofu 1.11", "Terraform (1.5 or newer) and OpenTofu (1.6 or newer)".
var named = regexp.MustCompile(`Terraform \(?(\d+\.\d+)(?: or newer\))?(?:,| or| and) OpenTofu \(?(\d+\.\d+)`)

// feature is what a page, or the row that links it, is about.
func feature(page string) Versions {
	switch {
	case strings.Contains(page, "ephemeral-resources/"):
		return EphemeralResources
	case strings.Contains(page, "functions/"):
		return Functions
	}
	return DataSources
}

// TestPages compares the versions that README and the pages of the objects name.
func TestPages(t *testing.T) {
	t.Parallel()
	index := read(t, "docs/index.md")
	if found := named.FindStringSubmatch(read(t, "README.md")); found == nil || (Versions{found[1], found[2]}) != DataSources {
		t.Errorf("README names %q, want %v", found, DataSources)
	}
	pages, err := filepath.Glob("../../docs/[def]*/*.md")
	if err != nil || len(pages) < 5 {
		t.Fatal(pages, err)
	}
	for _, page := range pages {
		page = strings.TrimPrefix(filepath.ToSlash(page), "../../")
		want := feature(page)
		texts := named.FindAllStringSubmatch(read(t, page), -1)
		// A page need not repeat what the whole provider needs.
		if len(texts) == 0 && want != DataSources {
			t.Errorf("%s does not say that it needs Terraform %s or OpenTofu %s", page, want.Terraform, want.OpenTofu)
		}
		// The index has a row for each.
		link := strings.TrimSuffix(strings.TrimPrefix(page, "docs"), ".md") + ")"
		_, row, linked := strings.Cut(index, link)
		row, _, _ = strings.Cut(row, "\n")
		if found := named.FindStringSubmatch(row); !linked || found == nil {
			t.Errorf("docs/index.md has no row with versions for %s", page)
		} else {
			texts = append(texts, found)
		}
		for _, found := range texts {
			if got := (Versions{found[1], found[2]}); got != want {
				t.Errorf("%s, or its row, names %v, want %v", page, got, want)
			}
		}
	}
	row := "| Terraform, OpenTofu |"
	for _, v := range []Versions{DataSources, DataSources, EphemeralResources} {
		row += fmt.Sprintf(" %s, %s |", v.Terraform, v.OpenTofu)
	}
	if !strings.Contains(read(t, "docs/guides/state.md"), row) {
		t.Errorf("the guide to the state does not have the row %s", row)
	}
}

// The tests run with each version at which something is added, and with the newest.
func TestWorkflow(t *testing.T) {
	t.Parallel()
	workflow := read(t, ".github/workflows/test.yml")
	want := []string{fmt.Sprintf(`terraform_version: "~%s.0"`, Newest.Terraform)}
	for _, v := range []Versions{DataSources, Functions, EphemeralResources, Newest} {
		want = append(want, fmt.Sprintf(`{ engine: terraform, version: "~%s.0" }`, v.Terraform), fmt.Sprintf(`{ engine: tofu, version: "~%s.0" }`, v.OpenTofu))
	}
	for _, text := range want {
		if !strings.Contains(workflow, text) {
			t.Errorf("test.yml lacks %s", text)
		}
	}
	if pinned := "opentofu/opentofu v" + Newest.OpenTofu + "."; !strings.Contains(read(t, "tools/opentofu/go.mod"), pinned) {
		t.Errorf("tools/opentofu has another version than %s", pinned)
	}
}

func TestNewerThan(t *testing.T) {
	t.Parallel()
	for engine, want := range map[string]bool{
		"Terraform v1.9.8\non linux_amd64":  true,
		"Terraform v1.10.0\non linux_amd64": false,
		"Terraform v1.17.0-dev":             false,
		"OpenTofu v1.10.10":                 true,
		"OpenTofu v1.11.0":                  false,
		"something else":                    true,
	} {
		if got := EphemeralResources.newerThan(engine); got != want {
			t.Errorf("%q: got %t, want %t", engine, got, want)
		}
	}
}
