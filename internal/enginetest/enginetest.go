// Package enginetest runs Terraform or OpenTofu as a user does: on a folder of
// configuration, with this provider installed from a mirror on disk.
//
// scripts/testacc makes the mirror and says which engine. Without it such tests are skipped.
// A run reads a fake feed that the test starts, and nothing of the user's own settings and keys.
package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// longest is how long one run of a program may take.
const longest = 2 * time.Minute

// Requirement is what a configuration needs to find the provider.
const Requirement = `terraform {
  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}
`

// Engine returns the path of the engine. A test that has none is skipped.
func Engine(t *testing.T) string {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("runs with an engine: make testacc")
	}
	path := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if path == "" || os.Getenv("TF_ACC_CLI_CONFIG_FILE") == "" {
		t.Fatal("TF_ACC is set, and the engine or its mirror is not: make testacc sets all three")
	}
	return path
}

var askVersion = sync.OnceValues(func() ([]byte, error) {
	return exec.Command(os.Getenv("TF_ACC_TERRAFORM_PATH"), "version").Output()
})

// Version is what the engine says of itself: "OpenTofu v1.11.0" and more.
func Version(t *testing.T) string {
	t.Helper()
	Engine(t)
	printed, err := askVersion()
	if err != nil {
		t.Fatal(err)
	}
	return string(printed)
}

// IsOpenTofu says which of the two the engine is.
func IsOpenTofu(t *testing.T) bool {
	t.Helper()
	return strings.HasPrefix(Version(t), "OpenTofu ")
}

// Versions is a minor release of each engine, such as 1.5.
type Versions struct{ Terraform, OpenTofu string }

// The first versions that know what the provider offers. Both had data sources long
// before DataSources, but nothing older is tested. README, docs and the workflows name them
// too; the test compares.
var (
	DataSources        = Versions{Terraform: "1.5", OpenTofu: "1.6"}
	Functions          = Versions{Terraform: "1.8", OpenTofu: "1.7"}
	EphemeralResources = Versions{Terraform: "1.10", OpenTofu: "1.11"}
	Newest             = Versions{Terraform: "1.17", OpenTofu: "1.12"} // that the tests have been extended to
)

// newerThan compares with what the version command of an engine prints, "Terraform v1.5.7".
// Both engines are at their first major version.
func (v Versions) newerThan(engine string) bool {
	first := v.Terraform
	if strings.HasPrefix(engine, "OpenTofu ") {
		first = v.OpenTofu
	}
	var is, since int
	_, _ = fmt.Sscanf(engine, "%s v1.%d", new(string), &is)
	_, _ = fmt.Sscanf(first, "1.%d", &since)
	return is < since
}

// Older says whether the engine is older than these versions.
func Older(t *testing.T, first Versions) bool {
	t.Helper()
	return first.newerThan(Version(t))
}

// Needs skips a test where the engine is older than what the test is about.
func Needs(t *testing.T, first Versions) {
	t.Helper()
	if Older(t, first) {
		t.Skipf("needs Terraform %s or OpenTofu %s", first.Terraform, first.OpenTofu)
	}
}

// Workspace is a folder with a configuration in which commands are run.
type Workspace struct {
	Dir string

	t        *testing.T
	env      []string
	prepared bool
}

// New makes a temporary folder. Reads go to the feed at baseURL with the fake's key.
func New(t *testing.T, baseURL string) *Workspace {
	t.Helper()
	Engine(t)
	w := &Workspace{t: t, Dir: t.TempDir()}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "ANTHROPIC_") {
			w.env = append(w.env, variable)
		}
	}
	w.Setenv("TF_CLI_CONFIG_FILE", os.Getenv("TF_ACC_CLI_CONFIG_FILE"))
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
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600)); err != nil {
		w.t.Fatal(err)
	}
}

// Result is how a run of a program ended.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Output is all that the run printed.
func (r Result) Output() string { return r.Stdout + r.Stderr }

// Exec runs a program in a folder, whatever comes of it.
func Exec(t *testing.T, dir string, env []string, program string, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Dir, command.Env = dir, env
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %v: %v", program, args, err)
	}
	return Result{Code: command.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// Run runs the engine in the folder.
func (w *Workspace) Run(args ...string) Result {
	w.t.Helper()
	return Exec(w.t, w.Dir, w.env, Engine(w.t), args...)
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
	w.prepared = true
}

// Plan runs plan, and init before the first time, with more arguments if there are some.
func (w *Workspace) Plan(args ...string) Result { return w.prepare("plan", args) }

// Apply runs apply, and init before the first time.
func (w *Workspace) Apply(args ...string) Result {
	return w.prepare("apply", append([]string{"-auto-approve"}, args...))
}

func (w *Workspace) prepare(command string, args []string) Result {
	w.t.Helper()
	if !w.prepared {
		w.Init()
	}
	return w.Run(append([]string{command, "-input=false", "-no-color"}, args...)...)
}
