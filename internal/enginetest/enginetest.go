// Package enginetest runs Terraform or OpenTofu as a user does: on a folder of
// configuration, with this provider installed from a mirror on disk.
//
// TF_ACC_TERRAFORM_PATH says which engine; scripts/testacc sets it to each in turn. Without
// TF_ACC such tests are skipped. A run reads a fake feed that the test starts, and nothing
// of the user's own settings and keys.
package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/engines"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// installed is the version of the provider that configurations find, one that the examples
// ask for.
const installed = "0.1.0"

// longest is how long one run of an engine may take.
const longest = 2 * time.Minute

// Engine is Terraform or OpenTofu, with this provider installed.
type Engine struct {
	path    string
	cliFile string
}

// installation is the folder that install has made; "" before.
var installation string

// install makes a mirror with the provider, once for all tests of a package. The provider
// is PROVIDER_BINARY, which scripts/testacc has built for all packages, or built here.
var install = sync.OnceValues(func() (folder string, err error) {
	folder, err = os.MkdirTemp("", "enginetest")
	if err != nil {
		return "", err
	}
	installation = folder
	binary := os.Getenv("PROVIDER_BINARY")
	if binary == "" {
		binary = filepath.Join(folder, "terraform-provider-compliance")
		if output, err := exec.Command("go", "build", "-o", binary, "github.com/compliance-feed/terraform-provider-compliance").CombinedOutput(); err != nil {
			return folder, fmt.Errorf("building the provider: %w\n%s", err, output)
		}
	}
	// Terraform and OpenTofu look for the provider under names of their own.
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		version := filepath.Join(folder, "mirror", host, "compliance-feed", "compliance", installed, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(version, 0o755); err != nil {
			return folder, err
		}
		if err := place(binary, filepath.Join(version, "terraform-provider-compliance_v"+installed)); err != nil {
			return folder, err
		}
	}
	cli := fmt.Sprintf("provider_installation {\n  filesystem_mirror { path = %q }\n}\n", filepath.Join(folder, "mirror"))
	return folder, os.WriteFile(filepath.Join(folder, "cli.tfrc"), []byte(cli), 0o600)
})

// place puts a program at a second path: by a link, or as a copy where that path is on
// another file system.
func place(program, path string) error {
	if os.Link(program, path) == nil {
		return nil
	}
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o755)
}

// Main runs the tests of a package and removes what was built for them. It is the body
// of a TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	if installation != "" {
		_ = os.RemoveAll(installation)
	}
	return code
}

// New returns the engine that the environment names.
func New(t *testing.T) *Engine {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("runs with an engine: make testacc")
	}
	path := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if path == "" {
		t.Fatal("TF_ACC is set, and TF_ACC_TERRAFORM_PATH, which has to name the engine, is not: make testacc sets both")
	}
	folder, err := install()
	if err != nil {
		t.Fatal(err)
	}
	return &Engine{path: path, cliFile: filepath.Join(folder, "cli.tfrc")}
}

// version is what the engine that the environment names says of itself.
var version = sync.OnceValues(func() (string, error) {
	output, err := exec.Command(os.Getenv("TF_ACC_TERRAFORM_PATH"), "version").Output()
	return string(output), err
})

// Needs skips a test where the engine that the environment names is older than what the
// test is about.
func Needs(t *testing.T, first engines.Versions) {
	t.Helper()
	if Older(t, first) {
		t.Skipf("needs Terraform %s or OpenTofu %s", first.Terraform, first.OpenTofu)
	}
}

// Older says whether the engine that the environment names is older than these versions. It
// says false where there is none.
func Older(t *testing.T, first engines.Versions) bool {
	t.Helper()
	if os.Getenv("TF_ACC_TERRAFORM_PATH") == "" {
		return false
	}
	printed, err := version()
	if err != nil {
		t.Fatal(err)
	}
	return !first.KnownTo(printed)
}

// IsOpenTofu says which of the two it is.
func (e *Engine) IsOpenTofu(t *testing.T) bool {
	t.Helper()
	printed, err := version()
	if err != nil {
		t.Fatal(err)
	}
	return strings.HasPrefix(printed, "OpenTofu ")
}

// Workspace is a folder with a configuration in which commands are run.
type Workspace struct {
	t      *testing.T
	engine *Engine
	Dir    string
	env    []string
}

// Workspace makes a temporary folder with a copy of the files of each source: a
// folder, or a single file. Reads go to the feed at baseURL with the fake's key.
func (e *Engine) Workspace(t *testing.T, baseURL string, sources ...string) *Workspace {
	t.Helper()
	w := &Workspace{t: t, engine: e, Dir: t.TempDir()}
	for _, source := range sources {
		info, err := os.Stat(source)
		switch {
		case err != nil:
		case info.IsDir():
			err = os.CopyFS(w.Dir, os.DirFS(source))
		default:
			var text []byte
			if text, err = os.ReadFile(source); err == nil {
				w.Write(filepath.Base(source), string(text))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "ANTHROPIC_") {
			w.env = append(w.env, variable)
		}
	}
	w.Setenv("TF_CLI_CONFIG_FILE", e.cliFile)
	w.Setenv("TF_IN_AUTOMATION", "1")
	w.Setenv("CHECKPOINT_DISABLE", "1")
	w.Setenv("ANTHROPIC_COMPLIANCE_BASE_URL", baseURL)
	w.Setenv("ANTHROPIC_COMPLIANCE_API_KEY", fakeapi.Key)
	return w
}

// Setenv sets a variable for all later runs.
func (w *Workspace) Setenv(name, value string) { w.env = append(w.env, name+"="+value) }

// Environ is the environment of all runs, for programs that call the engine themselves.
func (w *Workspace) Environ() []string { return slices.Clone(w.env) }

// Write puts a file into the folder.
func (w *Workspace) Write(name, text string) {
	w.t.Helper()
	file := filepath.Join(w.Dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// Result is how a run of the engine ended.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Output is all that the run printed.
func (r Result) Output() string { return r.Stdout + r.Stderr }

// Run runs the engine in the folder, without colour and input, whatever comes of it.
func (w *Workspace) Run(args ...string) Result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), longest)
	defer cancel()
	command := exec.CommandContext(ctx, w.engine.path, args...)
	command.Dir, command.Env = w.Dir, w.env
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatalf("%v: %v", args, err)
	}
	return Result{Code: command.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// Must runs the engine and fails the test unless it succeeds. It returns what went to
// standard output.
func (w *Workspace) Must(args ...string) string {
	w.t.Helper()
	result := w.Run(args...)
	if result.Code != 0 {
		w.t.Fatalf("%v: exit code %d\n%s", args, result.Code, result.Output())
	}
	return result.Stdout
}

// Init prepares the folder.
func (w *Workspace) Init() {
	w.t.Helper()
	w.Must("init", "-input=false", "-no-color")
}

// Plan runs init and plan, with more arguments if there are some.
func (w *Workspace) Plan(args ...string) Result {
	w.t.Helper()
	w.Init()
	return w.Run(append([]string{"plan", "-input=false", "-no-color"}, args...)...)
}
