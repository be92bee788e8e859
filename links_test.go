package main

import (
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
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
	repository := os.DirFS(".")
	for _, page := range pages(t, repository) {
		text := readFile(t, page)
		for _, target := range linksIn(text) {
			for _, problem := range problems(repository, page, target) {
				t.Errorf("%s: the link to %s %s", page, target, problem)
			}
		}
		// OpenTofu's registry puts a guide with one into a folder "Guides" within "Guides".
		if strings.HasPrefix(page, "docs/guides/") && strings.Contains(text, "\nsubcategory:") {
			t.Errorf("%s: a guide needs no subcategory", page)
		}
	}
}

// TestTablesHaveHeads looks for columns without a name, which a screen reader cannot tell
// apart.
func TestTablesHaveHeads(t *testing.T) {
	t.Parallel()
	unnamed := regexp.MustCompile(`(?m)^\|(?:.*\|)? *\|.*\n\|[-:| ]+\|$`)
	repository := os.DirFS(".")
	for _, page := range pages(t, repository) {
		for _, head := range unnamed.FindAllString(readFile(t, page), -1) {
			t.Errorf("%s: a column has no name:\n%s", page, head)
		}
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
	html       = regexp.MustCompile(`\b(?:href|src|srcset)="([^"\s]+)"`)
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
		for _, match := range slices.Concat(inlineLink.FindAllStringSubmatch(line, -1), definition.FindAllStringSubmatch(line, -1), html.FindAllStringSubmatch(line, -1)) {
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
// Terraform Registry make them from headings in the same way.
func anchorsIn(text string) []string {
	var found []string
	times := map[string]int{}
	prose(text, func(line string) {
		for _, match := range anchor.FindAllStringSubmatch(line, -1) {
			found = append(found, match[1])
		}
		match := heading.FindStringSubmatch(line)
		if match == nil {
			return
		}
		slug := strings.ToLower(linkText.ReplaceAllString(strings.TrimSpace(match[1]), "$1"))
		slug = strings.ReplaceAll(notInAnchors.ReplaceAllString(slug, ""), " ", "-")
		if times[slug]++; times[slug] > 1 {
			slug += "-" + strconv.Itoa(times[slug]-1)
		}
		found = append(found, slug)
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
		"a file":                          {"README.md", "docs/guides/state.md", ""},
		"a folder":                        {"README.md", "examples/policies", ""},
		"no file":                         {"README.md", "docs/guides/statement.md", "not there"},
		"a heading":                       {"README.md", "docs/index.md#the-key", ""},
		"no heading":                      {"README.md", "docs/index.md#the-keys", "heading"},
		"a heading of the page":           {"docs/index.md", "#the-key", ""},
		"no heading of the page":          {"docs/index.md", "#the-keys", "heading"},
		"an anchor":                       {"docs/data-sources/activities.md", "#nestedatt--timeouts", ""},
		"somebody else's":                 {"README.md", "https://example.com/x#y", ""},
		"the same folder":                 {"docs/data-sources/activities.md", "activity_summary.md", ""},
		"another folder":                  {"docs/data-sources/activities.md", "../guides/state.md", "OpenTofu"},
		"from an ephemeral resource":      {"docs/ephemeral-resources/activities.md", "../guides/state.md", ""},
		"from the index":                  {"docs/index.md", "guides/state.md", "OpenTofu"},
		"absolute":                        {"docs/index.md", onTerraformsPages + "/guides/state", ""},
		"absolute with .md":               {"docs/index.md", onTerraformsPages + "/guides/state.md", "not there"},
		"the absolute index":              {"docs/guides/state.md", onTerraformsPages + "#the-key", ""},
		"no heading of the index":         {"docs/guides/state.md", onTerraformsPages + "#the-keys", "heading"},
		"the index of the ephemeral ones": {"docs/ephemeral-resources/activities.md", "../index.md", "Terraform Registry"},
		"out of docs":                     {"docs/ephemeral-resources/activities.md", "../../LICENSE", "Terraform Registry"},
		"on GitHub":                       {"docs/index.md", onGitHub + "blob/main/SECURITY.md", ""},
		"not on GitHub":                   {"docs/index.md", onGitHub + "blob/main/SAFETY.md", "not there"},
	} {
		got := problems(repository, test.page, test.target)
		if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestLinksIn(t *testing.T) {
	t.Parallel()
	text := "[a](b.md) and `[c](d.md)`\n```\n[e](f.md)\n```\n![g](h.svg) <img src=\"i.svg\">\n[j]: k.md\n"
	if got, want := linksIn(text), []string{"b.md", "h.svg", "i.svg", "k.md"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnchors(t *testing.T) {
	t.Parallel()
	text := "# The `key`, and [more](x.md)\n## A_b - c\n## A_b - c\n```\n# comment\n```\n<a id=\"here\"></a>\n"
	if got, want := anchorsIn(text), []string{"the-key-and-more", "a_b---c", "a_b---c-1", "here"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
