package main

import (
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The addresses by which a page can be linked from anywhere.
const (
	onGitHub          = "https://github.com/compliance-feed/terraform-provider-compliance/"
	onTerraformsPages = "https://registry.terraform.io/providers/compliance-feed/compliance/latest/docs"
)

// TestLinks follows each link of the pages that does not lead to somebody else's, where it
// is read: on GitHub, and what is under docs/ in the registries as well.
func TestLinks(t *testing.T) {
	t.Parallel()
	// A screen reader cannot tell columns without a name apart.
	unnamed := regexp.MustCompile(`(?m)^\|(?:.*\|)? *\|.*\n\|[-:| ]+\|$`)
	repository := os.DirFS(".")
	followed := 0
	for _, page := range pages(t, repository) {
		text := readFile(t, page)
		for _, target := range linksIn(text) {
			followed++
			for _, problem := range problems(repository, page, target) {
				t.Errorf("%s: the link to %s %s", page, target, problem)
			}
		}
		for _, head := range unnamed.FindAllString(text, -1) {
			t.Errorf("%s: a column has no name:\n%s", page, head)
		}
		// OpenTofu's registry puts a guide with one into a folder "Guides" within "Guides".
		if strings.HasPrefix(page, "docs/guides/") && strings.Contains(text, "\nsubcategory:") {
			t.Errorf("%s: a guide needs no subcategory", page)
		}
	}
	if followed < 100 {
		t.Errorf("found only %d links: are the patterns still right?", followed)
	}
}

// pages are the files with links that the tests can follow.
func pages(t *testing.T, repository fs.FS) []string {
	t.Helper()
	found := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "bench/README.md"}
	for _, root := range []string{"docs", "examples"} {
		err := fs.WalkDir(repository, root, func(file string, _ fs.DirEntry, err error) error {
			if path.Ext(file) == ".md" {
				found = append(found, file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

var (
	inlineLink = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	definition = regexp.MustCompile(`^\[[^\]]+\]: (\S+)`)
	codeSpan   = regexp.MustCompile("`[^`]*`")
)

// prose calls f with each line that is in no block of code.
func prose(text string, f func(line string)) {
	fenced := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		} else if !fenced {
			f(strings.TrimRight(line, "\n"))
		}
	}
}

func linksIn(text string) (targets []string) {
	prose(text, func(line string) {
		line = codeSpan.ReplaceAllString(line, "")
		for _, match := range slices.Concat(inlineLink.FindAllStringSubmatch(line, -1), definition.FindAllStringSubmatch(line, -1)) {
			targets = append(targets, match[1])
		}
	})
	return targets
}

var (
	heading      = regexp.MustCompile(`^#{1,6} +(.*)`)
	anchor       = regexp.MustCompile(`<a id="([^"]+)">`)
	linkText     = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	notInAnchors = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchorsIn are the fragments by which places of a page can be linked. GitHub and the
// Terraform Registry make them from headings in the same way. That of a heading that comes
// twice is no place to link.
func anchorsIn(text string) []string {
	var found []string
	prose(text, func(line string) {
		for _, match := range anchor.FindAllStringSubmatch(line, -1) {
			found = append(found, match[1])
		}
		if match := heading.FindStringSubmatch(line); match != nil {
			slug := strings.ToLower(linkText.ReplaceAllString(strings.TrimSpace(match[1]), "$1"))
			found = append(found, strings.ReplaceAll(notInAnchors.ReplaceAllString(slug, ""), " ", "-"))
		}
	})
	return found
}

// problems says where a link of a page leads nowhere, and why.
func problems(repository fs.FS, page, target string) (found []string) {
	link, err := url.Parse(target)
	if err != nil {
		return []string{"is no URL"}
	}
	file := path.Join(path.Dir(page), link.Path)
	switch {
	case link.Scheme == "" && link.Host == "" && link.Path == "":
		file = page // a place on the page itself
	case link.Scheme == "" && link.Host == "":
		if strings.HasPrefix(page, "docs/") {
			found = append(found, registryProblems(page, file)...)
		}
	case strings.HasPrefix(target, onGitHub+"blob/main/"), strings.HasPrefix(target, onGitHub+"tree/main/"):
		_, file, _ = strings.Cut(link.Path, "/main/")
	case target == onTerraformsPages, strings.HasPrefix(target, onTerraformsPages+"/"), strings.HasPrefix(target, onTerraformsPages+"#"):
		_, file, _ = strings.Cut(link.Path, "/latest/")
		if file == "docs" {
			file = "docs/index"
		}
		file += ".md"
	default:
		return nil // somebody else's page
	}
	if _, err := fs.Stat(repository, file); err != nil {
		return append(found, "leads to "+file+", which is not there")
	}
	if link.Fragment == "" {
		return found
	}
	text, err := fs.ReadFile(repository, file)
	if err != nil || !slices.Contains(anchorsIn(string(text)), link.Fragment) {
		return append(found, "leads to a heading that "+file+" does not have")
	}
	return found
}

// registryPage is what a registry has a page for.
var registryPage = regexp.MustCompile(`^docs/(data-sources|ephemeral-resources|functions|guides)/[\w-]+\.md$`)

// registryProblems is about relative links, which each registry resolves in a way of its
// own. The Terraform Registry leaves .md away and goes on from the page's address, where
// the index has none in this form. OpenTofu's has other folders and no ephemeral
// resources, so that the way to another folder is dead.
func registryProblems(page, file string) (found []string) {
	if !registryPage.MatchString(file) {
		found = append(found, "leads to no page of the Terraform Registry: link it as "+onTerraformsPages+"... or "+onGitHub+"blob/main/...")
	}
	shown := !strings.HasPrefix(page, "docs/ephemeral-resources/")
	if shown && (path.Dir(page) != path.Dir(file) || page == "docs/index.md") {
		found = append(found, "is dead in OpenTofu's registry, where only pages of the same folder can be linked without a host: link it as "+
			onTerraformsPages+strings.TrimPrefix(strings.TrimSuffix(file, ".md"), "docs")+" (the index has no name)")
	}
	return found
}

func TestProblemsOfLinks(t *testing.T) {
	t.Parallel()
	repository := os.DirFS(".")
	for name, test := range map[string]struct {
		page, target string
		want         string // in the one problem; none if it is empty
	}{
		"a folder":                        {"README.md", "examples/policies", ""},
		"no file":                         {"README.md", "docs/guides/statement.md", "not there"},
		"no heading":                      {"README.md", "docs/index.md#the-keys", "heading"},
		"no heading of the page":          {"docs/index.md", "#the-keys", "heading"},
		"an anchor":                       {"docs/data-sources/activities.md", "#nestedatt--timeouts", ""},
		"another folder":                  {"docs/data-sources/activities.md", "../guides/state.md", "OpenTofu"},
		"from an ephemeral resource":      {"docs/ephemeral-resources/activities.md", "../guides/state.md", ""},
		"from the index":                  {"docs/index.md", "guides/state.md", "OpenTofu"},
		"absolute with .md":               {"docs/index.md", onTerraformsPages + "/guides/state.md", "not there"},
		"no heading of the index":         {"docs/guides/state.md", onTerraformsPages + "#the-keys", "heading"},
		"the index of the ephemeral ones": {"docs/ephemeral-resources/activities.md", "../index.md", "Terraform Registry"},
		"not on GitHub":                   {"docs/index.md", onGitHub + "blob/main/SAFETY.md", "not there"},
	} {
		got := problems(repository, test.page, test.target)
		if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
