// Package releasetest checks what goreleaser has made: the names and sums that the
// registries want, and that both engines install and run it. 'make release-check'
// builds it and says where it is; without that the tests are skipped.
package releasetest

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

const name = "terraform-provider-compliance"

// All that Go can build of linux, darwin, windows and freebsd on amd64, arm64, 386, arm.
var platforms = []string{
	"darwin_amd64", "darwin_arm64",
	"freebsd_386", "freebsd_amd64", "freebsd_arm", "freebsd_arm64",
	"linux_386", "linux_amd64", "linux_arm", "linux_arm64",
	"windows_386", "windows_amd64", "windows_arm64",
}

// release is a folder with what would be published.
type release struct {
	folder, version, commit string
	sums                    map[string]string // SHA-256 in hexadecimal, by file name
}

func open(t *testing.T) release {
	t.Helper()
	r := release{folder: os.Getenv("RELEASE_DIST"), commit: os.Getenv("RELEASE_COMMIT"), sums: map[string]string{}}
	if r.folder == "" {
		t.Skip("checks a release: make release-check")
	}
	found, err := filepath.Glob(filepath.Join(r.folder, name+"_*_SHA256SUMS"))
	if err != nil || len(found) != 1 {
		t.Fatalf("SHA256SUMS: %v, %v", found, err)
	}
	r.version = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), name+"_"), "_SHA256SUMS")
	for line := range strings.Lines(r.read(t, filepath.Base(found[0]))) {
		sum, file, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			t.Fatalf("SHA256SUMS has the line %q", line)
		}
		r.sums[file] = sum
	}
	return r
}

func (r release) read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.folder, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (r release) archive(platform string) string {
	return fmt.Sprintf("%s_%s_%s.zip", name, r.version, platform)
}

// unzip returns the files of an archive by name.
func (r release) unzip(t *testing.T, archive string) map[string][]byte {
	t.Helper()
	reader, err := zip.OpenReader(filepath.Join(r.folder, archive))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	files := map[string][]byte{}
	for _, file := range reader.File {
		if files[file.Name], err = fs.ReadFile(reader, file.Name); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestSums(t *testing.T) {
	t.Parallel()
	r := open(t)
	manifest := fmt.Sprintf("%s_%s_manifest.json", name, r.version)
	want := []string{manifest}
	for _, platform := range platforms {
		want = append(want, r.archive(platform), strings.TrimSuffix(r.archive(platform), ".zip")+".cdx.json")
	}
	for file, sum := range r.sums {
		path := filepath.Join(r.folder, file)
		if file == manifest {
			path = filepath.Join("..", "..", "terraform-registry-manifest.json") // gets this name as it is uploaded
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if is := fmt.Sprintf("%x", sha256.Sum256(content)); is != sum {
			t.Errorf("%s: SHA256SUMS says %s, it is %s", file, sum, is)
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(r.sums)); !slices.Equal(got, want) {
		t.Errorf("SHA256SUMS lists\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestArchives(t *testing.T) {
	t.Parallel()
	r := open(t)
	for _, platform := range platforms {
		t.Run(platform, func(t *testing.T) {
			t.Parallel()
			goos, goarch, _ := strings.Cut(platform, "_")
			binary := name + "_v" + r.version
			if goos == "windows" {
				binary += ".exe"
			}
			files := r.unzip(t, r.archive(platform))
			names := slices.Sorted(maps.Keys(files))
			if want := []string{"CHANGELOG.md", "LICENSE", "README.md", binary}; !slices.Equal(names, want) {
				t.Fatalf("has %v, want %v", names, want)
			}
			info, err := buildinfo.Read(bytes.NewReader(files[binary]))
			if err != nil {
				t.Fatal(err)
			}
			settings := map[string]string{}
			for _, setting := range info.Settings {
				settings[setting.Key] = setting.Value
			}
			if settings["GOOS"] != goos || settings["GOARCH"] != goarch || settings["CGO_ENABLED"] != "0" || settings["-trimpath"] != "true" {
				t.Errorf("was built with %v", settings)
			}
			for _, private := range []string{r.folder, os.Getenv("HOME") + string(filepath.Separator)} {
				if len(private) > 1 && bytes.Contains(files[binary], []byte(private)) {
					t.Errorf("the binary names the path %s", private)
				}
			}
			// The SBOM is about this very binary.
			var bom struct {
				Metadata struct {
					Component struct{ Name, Version string }
				}
				Components []struct{ Name, Version string }
			}
			text := r.read(t, strings.TrimSuffix(r.archive(platform), ".zip")+".cdx.json")
			if err := json.Unmarshal([]byte(text), &bom); err != nil {
				t.Fatal(err)
			}
			if c := bom.Metadata.Component; c.Name != info.Main.Path || c.Version != "v"+r.version {
				t.Errorf("the SBOM is about %s %s", c.Name, c.Version)
			}
			for _, module := range info.Deps {
				if !slices.ContainsFunc(bom.Components, func(c struct{ Name, Version string }) bool {
					return c.Name == module.Path && c.Version == module.Version
				}) {
					t.Errorf("the SBOM lacks %s %s", module.Path, module.Version)
				}
			}
		})
	}
}

// here is the platform of this machine.
func here() string { return runtime.GOOS + "_" + runtime.GOARCH }

func TestVersion(t *testing.T) {
	t.Parallel()
	r := open(t)
	binary := filepath.Join(t.TempDir(), "provider")
	if err := os.WriteFile(binary, r.unzip(t, r.archive(here()))[name+"_v"+r.version], 0o700); err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), binary, "-version").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%s %s (commit %s, ", name, r.version, r.commit); r.commit == "" || !strings.HasPrefix(string(output), want) {
		t.Errorf("-version prints %q, want it to begin with %q", output, want)
	}
}

// The archive goes into a mirror as it is published, and a configuration that pins its
// version is planned with it.
func TestInstallAndPlan(t *testing.T) {
	t.Parallel()
	r := open(t)
	host := "registry.terraform.io"
	if enginetest.IsOpenTofu(t) {
		host = "registry.opentofu.org"
	}
	mirror := t.TempDir()
	folder := filepath.Join(mirror, host, "compliance-feed/compliance")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	archive := r.archive(here())
	if err := os.WriteFile(filepath.Join(folder, archive), []byte(r.read(t, archive)), 0o600); err != nil {
		t.Fatal(err)
	}

	feed := fakeapi.NewServer(fakeapi.Options{Feed: fakeapi.Generate(fakeapi.Spec{Activities: 7}), SkipReadLog: true})
	t.Cleanup(feed.Close)
	w := enginetest.New(t, feed.URL)
	w.Write("cli.tfrc", fmt.Sprintf("provider_installation {\n  filesystem_mirror { path = %q }\n}\n", mirror))
	w.Setenv("TF_CLI_CONFIG_FILE", filepath.Join(w.Dir, "cli.tfrc"))
	w.Write("main.tf", fmt.Sprintf(`
terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = %q
    }
  }
}

data "compliance_activities" "all" {}

output "activities" {
  value = "read ${length(data.compliance_activities.all.activities)}"
}
`, r.version))
	if output := w.Must("init", "-input=false", "-no-color"); !strings.Contains(output, r.version) {
		t.Errorf("init: %s", output)
	}
	if output := w.Must("plan", "-input=false", "-no-color"); !strings.Contains(output, "read 7") {
		t.Errorf("plan: %s", output)
	}
}
