package examples_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/engines"
	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

const (
	reusable  = "pipelines/github-actions/audit-gate.yml"
	caller    = "pipelines/github-actions/pull-request.yml"
	gitlab    = "pipelines/gitlab-ci/.gitlab-ci.yml"
	atlantis  = "pipelines/atlantis/atlantis.yaml"
	atlantisd = "pipelines/atlantis/repos.yaml"
)

// parseYAML reads a file, with conftest, which can.
func parseYAML[T any](t *testing.T, file string) T {
	t.Helper()
	enginetest.New(t)
	result := tool(t, ".", "conftest", "parse", file)
	require(t, result, 0)
	return decode[T](t, result.Stdout)
}

// TestActionlint lints the workflows where they would stand.
func TestActionlint(t *testing.T) {
	t.Parallel()
	enginetest.New(t)
	dir := t.TempDir()
	workflows := filepath.Join(dir, ".github/workflows")
	for _, folder := range []string{workflows, filepath.Join(dir, ".git")} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{reusable, caller} {
		use(t, file)
		write(t, filepath.Join(workflows, filepath.Base(file)), read(t, file))
	}
	require(t, tool(t, dir, "actionlint", "-no-color"), 0)
}

// TestActionsArePinned looks at what no linter does.
func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^[\w-]+/[\w-]+@[0-9a-f]{40} # v[0-9.]+$`)
	used := 0
	for _, file := range []string{reusable, caller} {
		for _, line := range regexp.MustCompile(`uses: (.*)`).FindAllStringSubmatch(read(t, file), -1) {
			used++
			if !pinned.MatchString(line[1]) && line[1] != "./.github/workflows/audit-gate.yml" {
				t.Errorf("%s: %s is not pinned by a commit with its version behind it", file, line[1])
			}
		}
		forbid(t, read(t, file), "upload-artifact", "actions/cache")
	}
	if used != 4 {
		t.Errorf("%d actions and workflows are used", used)
	}
	module := read(t, "../tools/conftest/go.mod")
	version := regexp.MustCompile(`open-policy-agent/conftest (v[0-9.]+)`).FindStringSubmatch(module)
	if version == nil || !strings.Contains(read(t, reusable), "open-policy-agent/conftest@"+version[1]) {
		t.Errorf("the workflow installs another conftest than %v, with which the policies are tested", version)
	}
}

// pipelineRun is a checked-out repository on a runner.
type pipelineRun struct {
	t    *testing.T
	w    *enginetest.Workspace
	bin  string
	temp string
}

// newPipelineRun makes a repository with the policies, and with the configuration that they
// look at in the folder infrastructure.
func newPipelineRun(t *testing.T, feed *fakeapi.Server, more map[string]string) *pipelineRun {
	t.Helper()
	w := workspace(t, feed)
	use(t, conftestFolder)
	for source, target := range map[string]string{"plan": "infrastructure", "policy": "policy"} {
		if err := os.CopyFS(filepath.Join(w.Dir, target), os.DirFS(filepath.Join(conftestFolder, source))); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range more {
		w.Write(name, text)
	}
	r := &pipelineRun{t: t, w: w, bin: t.TempDir(), temp: t.TempDir()}
	for name, path := range map[string]string{"terraform": os.Getenv("TF_ACC_TERRAFORM_PATH"), "conftest": toolPath(t, "conftest")} {
		if err := os.Symlink(path, filepath.Join(r.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := exec.LookPath("jq"); err != nil {
		t.Fatal("the workflow needs jq: ", err)
	}
	return r
}

func (r *pipelineRun) bash(script string, env ...string) enginetest.Result {
	r.t.Helper()
	file := filepath.Join(r.t.TempDir(), "script.sh")
	write(r.t, file, script)
	env = append(env, "PATH="+r.bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TMPDIR="+r.temp, "NO_COLOR=1")
	return run(r.t, r.w.Dir, append(r.w.Environ(), env...), "bash", "--noprofile", "--norc", "-eo", "pipefail", file)
}

// clean fails the test if the pipeline has left something in its temporary folder.
func (r *pipelineRun) clean() {
	r.t.Helper()
	entries, err := os.ReadDir(r.temp)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != "gh.txt" && entry.Name() != "summary.md" {
			r.t.Errorf("%s is still there", entry.Name())
		}
	}
}

// pipelineStates are those in which each pipeline is run.
var pipelineStates = []struct {
	name   string
	feed   []string
	key    string
	files  map[string]string
	open   bool
	says   []string
	noPlan bool // not even a broken one
}{
	{name: "open", open: true},
	{
		name: "closed_by_a_policy",
		feed: []string{activity("activity_01Owner", "primary_owner_transferred", stranger, time.Hour)},
		says: []string{"by user_01Stranger  activity_01Owner"},
	},
	{
		name: "closed_by_a_check",
		feed: []string{activity("activity_01Export", "org_data_export_started", robin, time.Hour)},
		says: []string{"check.no_exports failed: Data of the organization was exported"},
	},
	{
		name:  "closed_by_the_plan",
		feed:  []string{activity("activity_01Settings", "org_compliance_api_settings_updated", robin, time.Hour)},
		files: map[string]string{"infrastructure/gate.tf": gateFile},
		says:  []string{"The plan has failed", "data.compliance_activities.settings failed: Changed by activity_01Settings."},
	},
	{name: "wrong_key", key: "wrong-key-wrong-key", says: []string{"The plan has failed"}},
	{name: "no_key", key: "-", says: []string{"The plan has failed"}},
	{name: "no_plan", files: map[string]string{"infrastructure/broken.tf": "resource {"}, noPlan: true},
	{name: "no_policy", files: map[string]string{"policy/broken.rego": "package main\ndeny contains"}, noPlan: true},
}

const gateFile = `
data "compliance_activities" "settings" {
  lookback       = "24h"
  activity_types = ["org_compliance_api_settings_updated"]

  lifecycle {
    postcondition {
      condition     = length(self.activities) == 0
      error_message = "Changed by ${join(", ", self.activities[*].id)}."
    }
  }
}
`

// gh stands in for GitHub's command: there is no comment to be edited, and it keeps the new one.
const gh = `#!/usr/bin/env bash
[[ $* != *--edit-last* ]] || exit 1
echo "gh $*" >"$RUNNER_TEMP/gh.txt"
cat "${@: -1}" >>"$RUNNER_TEMP/gh.txt"
`

// TestGitHubActions runs the steps of the reusable workflow as a runner does. Actions that
// it uses are stood in for: the engine, conftest and gh are there already.
func TestGitHubActions(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	type step struct {
		Name, If, Run, Uses string
		Env                 map[string]string
	}
	workflow := parseYAML[struct {
		Defaults struct{ Run struct{ Shell string } }
		Jobs     map[string]struct{ Steps []step }
	}](t, reusable)
	if workflow.Defaults.Run.Shell != "bash" {
		t.Fatal("the steps are written for bash with pipefail")
	}
	steps := workflow.Jobs["gate"].Steps

	for _, state := range pipelineStates {
		t.Run(state.name, func(t *testing.T) {
			t.Parallel()
			r := newPipelineRun(t, newFeed(t, state.feed...), state.files)
			write(t, filepath.Join(r.bin, "gh"), gh)
			if err := os.Chmod(filepath.Join(r.bin, "gh"), 0o700); err != nil {
				t.Fatal(err)
			}
			key := fakeapi.Key
			if state.key != "" {
				key = strings.TrimPrefix(state.key, "-")
			}
			expressions := map[string]string{
				"${{ steps.vault.outputs.key || secrets.compliance-api-key }}": key,
				"${{ inputs.directory }}":                                      "infrastructure",
				"${{ inputs.policy }}":                                         "policy",
				"${{ github.token }}":                                          "made-up-token",
				"${{ github.event.pull_request.html_url }}":                    "https://github.com/example/example/pull/1",
				"true": "true",
			}
			failed, log, ran := false, "", []string{}
			for _, s := range steps {
				if s.Run == "" || s.Name == "Install conftest" {
					continue
				}
				forced := slices.Contains([]string{"${{ !cancelled() }}", "always()"}, s.If)
				if s.If != "" && !forced {
					t.Fatalf("step %q has the unknown condition %q", s.Name, s.If)
				}
				if failed && !forced {
					continue
				}
				if strings.Contains(s.Run, "${{") {
					t.Errorf("step %q has an expression in its script", s.Name)
				}
				// The environment of the job has no key.
				env := []string{"RUNNER_TEMP=" + r.temp, "GITHUB_STEP_SUMMARY=" + filepath.Join(r.temp, "summary.md"), "ANTHROPIC_COMPLIANCE_API_KEY="}
				for name, value := range s.Env {
					known, ok := expressions[value]
					if !ok {
						t.Fatalf("step %q has the unknown value %q", s.Name, value)
					}
					env = append(env, name+"="+known)
				}
				result := r.bash(s.Run, env...)
				log += result.Output()
				failed = failed || result.Code != 0
				ran = append(ran, s.Name)
			}
			if got, want := strings.Join(ran, " "), "Plan Judge Comment Clean up"; got != want {
				t.Errorf("steps %q ran, want %q", got, want)
			}
			if failed == state.open {
				t.Errorf("failed: %t, want %t\n%s", failed, !state.open, log)
			}
			comment := read(t, filepath.Join(r.temp, "gh.txt"))
			verdict := "**Closed**, because of:"
			switch {
			case state.open:
				verdict = "**Open**: nothing was found."
			case state.noPlan:
				verdict = "**Closed**: there is no result."
			}
			for _, text := range append(state.says, verdict) {
				if !strings.Contains(comment, text) {
					t.Errorf("want %q in the comment:\n%s\n%s", text, comment, log)
				}
			}
			if state.open != strings.Contains(comment, "**Open**") {
				t.Errorf("the comment is wrong:\n%s", comment)
			}
			forbid(t, log+comment+read(t, filepath.Join(r.temp, "summary.md")), append(addresses, fakeapi.Key, "wrong-key", "made-up-token")...)
			r.clean()
		})
	}
}

// TestGitLabCI runs the job's script.
func TestGitLabCI(t *testing.T) {
	t.Parallel()
	needs(t, engines.EphemeralResources)
	use(t, gitlab)
	pipeline := parseYAML[map[string]json.RawMessage](t, gitlab)
	job := decode[struct {
		Script    []string
		Artifacts struct {
			Paths   []string
			Reports map[string]string
		}
	}](t, string(pipeline["audit-gate"]))
	if len(job.Artifacts.Paths) > 0 || len(job.Artifacts.Reports) != 1 {
		t.Errorf("there are other artifacts than the report: %v", job.Artifacts)
	}
	for _, state := range pipelineStates {
		t.Run(state.name, func(t *testing.T) {
			t.Parallel()
			r := newPipelineRun(t, newFeed(t, state.feed...), state.files)
			key := fakeapi.Key
			if state.key != "" {
				key = strings.TrimPrefix(state.key, "-")
			}
			result := r.bash(strings.Join(job.Script, "\n"),
				"DIRECTORY=infrastructure", "POLICY="+filepath.Join(r.w.Dir, "policy"), "TF_IN_AUTOMATION=true", "ANTHROPIC_COMPLIANCE_API_KEY="+key)
			if (result.Code == 0) != state.open {
				t.Errorf("exit code %d, and open is %t:\n%s", result.Code, state.open, result.Output())
			}
			report, _ := os.ReadFile(filepath.Join(r.w.Dir, job.Artifacts.Reports["junit"]))
			for _, text := range state.says {
				if !strings.Contains(result.Output(), text) || !strings.Contains(string(report), strings.Fields(text)[0]) {
					t.Errorf("want %q in:\n%s\n%s", text, result.Output(), report)
				}
			}
			forbid(t, result.Output()+string(report), append(addresses, fakeapi.Key, "wrong-key")...)
			r.clean()
		})
	}
}

// TestAtlantis looks at the files only: its server is not here. The steps plan, show and
// policy_check are those of the other pipelines.
func TestAtlantis(t *testing.T) {
	t.Parallel()
	use(t, atlantis)
	use(t, atlantisd)
	type stage struct{ Steps []any }
	server := parseYAML[struct {
		Repos []struct {
			Workflow             string
			AllowedOverrides     []string `json:"allowed_overrides"`
			AllowCustomWorkflows bool     `json:"allow_custom_workflows"`
		}
		Workflows map[string]struct {
			Plan        stage
			PolicyCheck stage `json:"policy_check"`
			Apply       stage
		}
		Policies struct {
			PolicySets []struct{ Name, Path string } `json:"policy_sets"`
		}
	}](t, atlantisd)
	for _, repo := range server.Repos {
		workflow, ok := server.Workflows[repo.Workflow]
		if !ok || len(workflow.Plan.Steps) == 0 || len(workflow.PolicyCheck.Steps) == 0 || len(workflow.Apply.Steps) == 0 {
			t.Errorf("the workflow %q is not complete", repo.Workflow)
		}
		if repo.AllowCustomWorkflows || len(repo.AllowedOverrides) > 0 {
			t.Error("a pull request can go round the gate")
		}
	}
	if len(server.Repos) == 0 || len(server.Policies.PolicySets) == 0 {
		t.Error("there is no repository, or no policy")
	}
	repository := parseYAML[struct{ Projects []struct{ Dir string } }](t, atlantis)
	if len(repository.Projects) == 0 {
		t.Error("there is no project")
	}
}
