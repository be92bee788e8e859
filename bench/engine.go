//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// longest is how long one run of an engine may take.
const longest = 5 * time.Minute

// engine is a Terraform or OpenTofu that finds the providers to compare.
type engine struct {
	path   string
	folder string // of all that is made; it goes away at the end
}

// newEngine gives an engine, a path or a command on the PATH, a folder of its own.
// Providers are added with build and install, by the address under which a
// configuration names them.
func newEngine(command, folder string) (*engine, error) {
	path, err := exec.LookPath(command)
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	cli := fmt.Sprintf("provider_installation {\n  filesystem_mirror { path = %q }\n}\n", filepath.Join(folder, "mirror"))
	return &engine{path, folder}, os.WriteFile(filepath.Join(folder, "cli.tfrc"), []byte(cli), 0o600)
}

// binary is where the engine looks for a provider.
func (e *engine) binary(source string) string {
	return filepath.Join(e.folder, "mirror", source, "0.0.1", runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-"+filepath.Base(source)+"_v0.0.1")
}

// build makes a provider of this module, as it would be released: without cgo and
// symbols.
func (e *engine) build(ctx context.Context, source, pkg string) error {
	command := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", e.binary(source), pkg)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, output)
	}
	return nil
}

// renew puts a copy of a provider in its place. How fast a program starts depends by a
// few percent on where in memory the system keeps the file: what is compared has to be
// started from several copies.
func (e *engine) renew(source string) error {
	file := e.binary(source)
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	renewed := filepath.Join(e.folder, "renewed")
	if err := os.WriteFile(renewed, content, 0o700); err != nil {
		return err
	}
	return os.Rename(renewed, file)
}

// install takes a provider that is built already.
func (e *engine) install(source, file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	target := e.binary(source)
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.Symlink(file, target)
}

// workspace is a folder with a configuration.
type workspace struct {
	engine *engine
	folder string
}

// workspace makes a folder with the configuration and prepares it.
func (e *engine) workspace(ctx context.Context, configuration string) (*workspace, error) {
	folder, err := os.MkdirTemp(e.folder, "workspace")
	if err != nil {
		return nil, err
	}
	w := &workspace{e, folder}
	if err := os.WriteFile(w.file("main.tf"), []byte(configuration), 0o600); err != nil {
		return nil, err
	}
	_, err = w.run(ctx, nil, "init", "-input=false", "-no-color")
	return w, err
}

func (w *workspace) file(name string) string { return filepath.Join(w.folder, name) }

// usage is what a run has cost.
type usage struct {
	output         string
	cpu            time.Duration // of the engine and all that it started
	wall           time.Duration
	engineMemory   int64 // in bytes, at their peak; 0 where it cannot be known
	providerMemory int64 // of the provider that took most
}

// run runs the engine in the workspace, with more variables in its environment, and
// fails unless it succeeds.
func (w *workspace) run(ctx context.Context, variables []string, args ...string) (*usage, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	command := exec.CommandContext(ctx, w.engine.path, args...)
	command.Dir = w.folder
	command.Env = append(w.engine.environment(), variables...)
	// In a group of its own, an interrupt from the terminal does not reach it, and what
	// must end early ends with its providers, which would outlive the engine.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	started := time.Now()
	if err := command.Start(); err != nil {
		return nil, err
	}
	peaks := watch(command.Process.Pid)
	err := command.Wait()
	u := &usage{output: output.String(), wall: time.Since(started)}
	u.engineMemory, u.providerMemory = peaks()
	// The engine waits for its providers, so that their time is in its own.
	u.cpu = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", w.engine.path, args[0], err, u.output)
	}
	return u, nil
}

// environment is this process's without what could change the run.
func (e *engine) environment() []string {
	variables := []string{
		"TF_CLI_CONFIG_FILE=" + filepath.Join(e.folder, "cli.tfrc"),
		"TF_IN_AUTOMATION=1",
		"CHECKPOINT_DISABLE=1",
		"ANTHROPIC_COMPLIANCE_API_KEY=" + fakeapi.Key,
	}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "ANTHROPIC_") {
			variables = append(variables, variable)
		}
	}
	return variables
}

// version is the first line of what the engine says about itself.
func (e *engine) version(ctx context.Context) (string, error) {
	command := exec.CommandContext(ctx, e.path, "version")
	command.Env = e.environment()
	output, err := command.Output()
	line, _, _ := strings.Cut(string(output), "\n")
	return line, err
}
