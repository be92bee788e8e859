// Package examples_test runs every example, and every block of HCL in the documentation,
// with a real engine against a fake feed. A file that no test has used fails the run.
package examples_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

func TestMain(m *testing.M) {
	code := m.Run()
	whole := os.Getenv("TF_ACC") != "" && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.list").Value.String() == ""
	if code == 0 && whole && !incomplete.Load() {
		for _, file := range unused() {
			fmt.Fprintf(os.Stderr, "examples/%s: no test runs this file\n", file)
			code = 1
		}
	}
	os.Exit(code)
}

// incomplete says that some test was skipped: the engine was too old for it, or it needs a tool.
var incomplete atomic.Bool

// needs skips a test whose examples an older engine cannot read.
func needs(t *testing.T, first enginetest.Versions) {
	t.Helper()
	t.Cleanup(func() {
		if t.Skipped() {
			incomplete.Store(true)
		}
	})
	enginetest.Needs(t, first)
}

// since is the first version of the engines that reads a configuration.
func since(text string) enginetest.Versions {
	switch {
	case strings.Contains(text, "ephemeral"), strings.Contains(text, `required_version = ">= 1.10"`):
		return enginetest.EphemeralResources
	case strings.Contains(text, "provider::"):
		return enginetest.Functions
	}
	return enginetest.DataSources
}

// Files that tests have used, by their path below examples/.
var used sync.Map

// use notes that a file, or all files of a folder, is run.
func use(t *testing.T, path string) {
	t.Helper()
	err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			used.Store(filepath.Clean(file), true)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// notRun is the folder of policies for which there is no program here. Its page says so.
var notRun = []string{"policies/sentinel/"}

// unused are the files that no test has used. Prose needs none.
func unused() []string {
	var files []string
	_ = filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		prose := filepath.Ext(file) == ".md" || filepath.Ext(file) == ".go" ||
			slices.ContainsFunc(notRun, func(folder string) bool { return strings.HasPrefix(filepath.ToSlash(file), folder) })
		if _, known := used.Load(file); err == nil && !entry.IsDir() && !prose && !known {
			files = append(files, filepath.ToSlash(file))
		}
		return err
	})
	return files
}

// workspace makes a folder with the files of each source, which count as run from now on.
func workspace(t *testing.T, feed *fakeapi.Server, sources ...string) *enginetest.Workspace {
	t.Helper()
	w := enginetest.New(t, feed.URL)
	for _, source := range sources {
		use(t, source)
		if filepath.Ext(source) != "" {
			w.Write(filepath.Base(source), read(t, source))
		} else if err := os.CopyFS(w.Dir, os.DirFS(source)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// configuration makes a folder with this one, and what it needs to stand alone.
func configuration(t *testing.T, feed *fakeapi.Server, text string) *enginetest.Workspace {
	t.Helper()
	w := enginetest.New(t, feed.URL)
	w.Write("main.tf", text)
	if !strings.Contains(text, "required_providers") {
		w.Write("zz_requirement.tf", enginetest.Requirement)
	}
	if !strings.Contains(text, `provider "compliance"`) {
		w.Write("zz_provider.tf", "provider \"compliance\" {}\n")
	}
	return w
}

// newFeed serves these activities, and a month of generated ones that ended 40 days ago: so
// no policy that looks at the last 30 days can mistake one for another.
func newFeed(t *testing.T, activities ...string) *fakeapi.Server {
	t.Helper()
	return serve(t, 40*24*time.Hour, activities...)
}

// serve serves these activities, and generated ones that are at least this old.
func serve(t *testing.T, age time.Duration, activities ...string) *fakeapi.Server {
	t.Helper()
	feed := fakeapi.Generate(fakeapi.Spec{Activities: 2000, Newest: time.Now().Add(-age)})
	feed.Add(activities...)
	return start(t, fakeapi.Options{Feed: feed, Organization: organization})
}

func start(t *testing.T, options fakeapi.Options) *fakeapi.Server {
	t.Helper()
	server := fakeapi.NewServer(options)
	t.Cleanup(server.Close)
	return server
}

// organization is that of the key, as examples name it.
const organization = "org_01Example"

// Actors.
const (
	robin     = `{"type":"user_actor","user_id":"user_01Robin","email_address":"robin@example.com","ip_address":"192.0.2.34","user_agent":"Mozilla/5.0"}`
	stranger  = `{"type":"user_actor","user_id":"user_01Stranger","email_address":"stranger@example.net","ip_address":"192.0.2.99","user_agent":"Mozilla/5.0"}`
	anonymous = `{"type":"unauthenticated_user_actor","unauthenticated_email_address":"robin@example.com","ip_address":"192.0.2.99","user_agent":"Mozilla/5.0"}`
	directory = `{"type":"scim_directory_sync_actor","directory_id":"directory_01Example","idp_connection_type":null,"workos_event_id":"event_01"}`
)

// addresses are what must not be in outputs that are meant to be without personal data.
var addresses = []string{"@example", "192.0.2."}

// activity is one that happened so long ago. The fields are JSON members that follow.
func activity(id, kind, actor string, age time.Duration, fields ...string) string {
	return activityAt(id, kind, actor, time.Now().Add(-age), fields...)
}

func activityAt(id, kind, actor string, at time.Time, fields ...string) string {
	text := fmt.Sprintf(`{"id":%q,"created_at":%q,"organization_id":"org_01Example","organization_uuid":null,"actor":%s,"type":%q`,
		id, at.UTC().Format(time.RFC3339), actor, kind)
	for _, field := range fields {
		text += "," + field
	}
	return text + "}"
}

// require fails the test unless the run ended with this code and said all of these texts.
func require(t *testing.T, result enginetest.Result, code int, texts ...string) {
	t.Helper()
	if result.Code != code {
		t.Errorf("exit code %d, want %d:\n%s", result.Code, code, result.Output())
	}
	output := unwrapped(result.Output())
	for _, text := range texts {
		if !strings.Contains(output, unwrapped(text)) {
			t.Errorf("want %q in:\n%s", text, result.Output())
		}
	}
	forbid(t, result.Output(), fakeapi.Key)
}

// forbid fails the test if one of the texts is there.
func forbid(t *testing.T, output string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(output, text) {
			t.Errorf("%q must not be in:\n%s", text, output)
		}
	}
}

// unwrapped undoes the engines' line breaks.
func unwrapped(text string) string { return strings.Join(strings.Fields(text), " ") }

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return value
}

// example is a folder, or a file that may need more to stand alone.
func example(t *testing.T, feed *fakeapi.Server, source string) *enginetest.Workspace {
	t.Helper()
	if filepath.Ext(source) != ".tf" {
		return workspace(t, feed, source)
	}
	use(t, source)
	return configuration(t, feed, read(t, source))
}

// TestExamples plans the examples of the provider's pages, each file alone.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"provider", "data-sources", "ephemeral-resources", "functions"} {
		files := find(t, folder, ".tf")
		if len(files) == 0 {
			t.Errorf("nothing in %s", folder)
		}
		for _, file := range files {
			t.Run(filepath.ToSlash(file), func(t *testing.T) {
				t.Parallel()
				needs(t, since(read(t, file)))
				require(t, example(t, someFeed(t), file).Plan(), 0)
			})
		}
	}
}

// TestSummaryExamples are those that close, and what opens them.
func TestSummaryExamples(t *testing.T) {
	t.Parallel()
	const folder = "data-sources/compliance_activity_summary/"
	const made = "admin_api_key_created"
	elsewhere := activity("activity_02Key", made, strings.ReplaceAll(robin, "192.0.2.", "198.51.100."), time.Hour)
	runStates(t, []state{
		{"in_the_office", folder + "except.tf", []string{activity("activity_01Key", made, robin, time.Hour)}, nil, 0, []string{"excepted = 1"}},
		{"elsewhere", folder + "except.tf", []string{activity("activity_01Key", made, robin, time.Hour), elsewhere}, nil, 1, []string{made + "  activity_02Key  by user_01Robin"}},
		{"switched_on", folder + "data-source.tf", switches(2, robin, true), nil, 0, nil},
		{"switched_off", folder + "data-source.tf", switches(1, robin, false), nil, 1, []string{"How people sign in was changed:", "org_sso_toggled  activity_00Switch  by user_01Robin"}},
		{"reviewed", folder + "data-source.tf", switches(1, robin, false), []string{`-var=reviewed={ activity_00Switch = "Planned." }`}, 0, nil},
		{"spread_out", folder + "within.tf", signInsApart(5, 3*time.Minute), nil, 0, nil},
		{"within_ten_minutes", folder + "within.tf", signInsApart(5, 2*time.Minute), nil, 1, []string{"  5 activities  newest activity_SignIn"}},
		{"a_role_as_before", folder + "baseline.tf", roles("admin", "admin"), nil, 0, nil},
		{"a_new_role", folder + "baseline.tf", roles("viewer", "admin"), nil, 1, []string{"  1, newest activity_Today at "}},
		{"an_unknown_role", folder + "baseline.tf", roles("", ""), nil, 1, []string{"  1, newest activity_Today at "}},
	})
}

// signInsApart are failed sign-ins of one account.
func signInsApart(n int, distance time.Duration) (feed []string) {
	for i := range n {
		feed = append(feed, activity(fmt.Sprintf("activity_SignIn%02d", i), "sso_login_failed", anonymous, time.Hour+time.Duration(i)*distance))
	}
	return feed
}

// roles are one role that was given two weeks ago, and one of today.
func roles(before, today string) []string {
	given := func(id, role string, ago time.Duration) string {
		fields := []string{`"resource_id":"proj_1"`}
		if role != "" {
			fields = append(fields, fmt.Sprintf(`"role":%q`, role))
		}
		return activity(id, "role_assignment_granted", robin, ago, fields...)
	}
	return []string{given("activity_Before", before, 14*24*time.Hour), given("activity_Today", today, time.Hour)}
}

// someFeed has activities of all kinds until last week, and some of today that no policy
// of the documentation minds.
func someFeed(t *testing.T) *fakeapi.Server {
	t.Helper()
	return serve(t, 8*24*time.Hour,
		activity("activity_01SignIn", "sso_login_failed", anonymous, 2*time.Hour),
		activity("activity_02SignIn", "sso_login_succeeded", robin, time.Hour),
		activity("activity_03Chat", "claude_chat_created", robin, 10*time.Minute))
}

// TestDemo plans the demo, and the gate of the README, with the feed of the demo: it closes, and
// what is reviewed opens it.
func TestDemo(t *testing.T) {
	t.Parallel()
	gate := hclBlock.FindStringSubmatch(read(t, "../README.md"))
	for name, text := range map[string]string{"demo": "", "readme": gate[1]} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			feed := fakeapi.NewFeed()
			if err := feed.Load(read(t, "demo/feed.jsonl"), time.Now()); err != nil {
				t.Fatal(err)
			}
			w := workspace(t, start(t, fakeapi.Options{Feed: feed, Organization: "org_01DemoOrganization"}), "demo")
			if text != "" {
				w.Write("main.tf", text)
			}
			result := w.Plan()
			require(t, result, 1, "How people sign in was changed:", "org_sso_toggled  activity_01DemoSsoOff  by user_01DemoRobin")
			forbid(t, result.Output(), append(addresses, "activity_01DemoSsoOn")...)
			w.Write("reviewed.auto.tfvars", `reviewed = { activity_01DemoSsoOff = "Planned." }`)
			require(t, w.Plan(), 0)
		})
	}
}

// hclBlock is a fenced block of HCL in Markdown.
var hclBlock = regexp.MustCompile("(?ms)^[ \t]*```(?:terraform|hcl)[ \t]*\n(.*?)^[ \t]*```")

// auditGate is how documents name the module; here it comes from the working tree.
var auditGate = regexp.MustCompile(`"[^"\n]*modules/audit-gate[^"\n]*"`)

// TestDocs plans every block of HCL in the documentation. One that is identical to a file
// is run with that file, by another test.
func TestDocs(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, file := range find(t, ".", ".tf", ".hcl") {
		known[strings.TrimSpace(read(t, file))] = true
	}
	pages := append(find(t, ".", ".md"), find(t, "../docs", ".md")...)
	pages = append(pages, "../README.md")
	blocks := 0
	for _, page := range pages {
		for i, match := range hclBlock.FindAllStringSubmatch(read(t, page), -1) {
			blocks++
			text := match[1]
			if known[strings.TrimSpace(text)] {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", strings.TrimPrefix(filepath.ToSlash(page), "../"), i+1), func(t *testing.T) {
				t.Parallel()
				runBlock(t, text)
			})
		}
	}
	if blocks < 10 {
		t.Errorf("found only %d blocks of HCL: is the pattern still right?", blocks)
	}
}

func runBlock(t *testing.T, text string) {
	needs(t, since(text))
	if strings.Contains(text, "provider_installation") { // a CLI configuration
		w := enginetest.New(t, "")
		w.Write("cli.tfrc", text)
		w.Setenv("TF_CLI_CONFIG_FILE", filepath.Join(w.Dir, "cli.tfrc"))
		result := w.Run("version")
		require(t, result, 0)
		forbid(t, result.Output(), "Error", "problems")
		return
	}
	text = auditGate.ReplaceAllLiteralString(text, fmt.Sprintf("%q", auditGateModule(t)))
	require(t, configuration(t, someFeed(t), text).Plan(), 0)
}

// find are the files below a folder with one of these extensions.
func find(t *testing.T, folder string, extensions ...string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && slices.Contains(extensions, filepath.Ext(file)) {
			files = append(files, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tool runs a program of .tools/bin, which make check builds, in a folder.
func tool(t *testing.T, dir, name string, args ...string) enginetest.Result {
	t.Helper()
	return enginetest.Exec(t, dir, os.Environ(), toolPath(t, name), args...)
}

func toolPath(t *testing.T, name string) string {
	t.Helper()
	if os.Getenv("TOOLS") == "" {
		incomplete.Store(true)
		t.Skip("needs " + name + ", which make check builds")
	}
	path, err := filepath.Abs(filepath.Join("../.tools/bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; make .tools/bin/%s builds it", err, name)
	}
	return path
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func encode(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
