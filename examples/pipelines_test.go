package examples_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

const (
	reusable = "pipelines/github-actions/audit-gate.yml"
	caller   = "pipelines/github-actions/infrastructure.yml"
	gitlab   = "pipelines/gitlab-ci/.gitlab-ci.yml"
)

// parseYAML reads a file, with conftest, which can.
func parseYAML[T any](t *testing.T, file string) T {
	t.Helper()
	enginetest.Engine(t)
	result := tool(t, ".", "conftest", "parse", file)
	require(t, result, 0)
	return decode[T](t, result.Stdout)
}

// TestActionlint lints the workflows where they would stand.
func TestActionlint(t *testing.T) {
	t.Parallel()
	enginetest.Engine(t)
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

// pipelineRun is a repository with a configuration in the folder infrastructure, and another
// with the policies.
type pipelineRun struct {
	t        *testing.T
	w        *enginetest.Workspace
	feed     *fakeapi.Server
	key      string
	bin      string
	temp     string
	policies string
	commit   string
}

func newPipelineRun(t *testing.T, state pipelineState) *pipelineRun {
	t.Helper()
	feed := newFeed(t, state.feed...)
	r := &pipelineRun{t: t, w: enginetest.New(t, feed.URL), feed: feed, key: fakeapi.Key, bin: t.TempDir(), temp: t.TempDir(), policies: t.TempDir()}
	if state.noKey {
		r.key = ""
	}
	use(t, conftestFolder)
	for source, target := range map[string]string{filepath.Join(conftestFolder, "plan"): filepath.Join(r.w.Dir, "infrastructure"), adapted(t): filepath.Join(r.policies, "policy")} {
		if err := os.CopyFS(target, os.DirFS(source)); err != nil {
			t.Fatal(err)
		}
	}
	r.w.Write("infrastructure/production.tf", `resource "terraform_data" "production" { input = "deployed" }`)
	r.w.Must("-chdir=infrastructure", "init", "-input=false", "-no-color") // makes the lock file
	r.edit(state.files)

	// What the scripts call is there, under the name by which they call it.
	program(t, r.bin, "conftest", fmt.Sprintf("exec '%s' \"$@\"", toolPath(t, "conftest")))
	program(t, r.bin, "terraform", fmt.Sprintf(`if [[ " $* " == *" init "* ]] && env | grep -qF '%s'; then echo "init has the key"; exit 9; fi
exec '%s' "$@"
`, fakeapi.Key, enginetest.Engine(t)))
	program(t, r.bin, "gh", gh)
	for _, name := range []string{"jq", "git", "openssl"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("the pipelines need %s: %v", name, err)
		}
	}
	r.commitPolicies()
	return r
}

func program(t *testing.T, dir, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/usr/bin/env bash\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
}

// edit writes files, those below policy/ into the other repository. One without text goes.
func (r *pipelineRun) edit(files map[string]string) {
	r.t.Helper()
	for name, text := range files {
		file := filepath.Join(r.w.Dir, name)
		if strings.HasPrefix(name, "policy/") {
			file = filepath.Join(r.policies, name)
		}
		if text != "" {
			write(r.t, file, text)
		} else if err := os.Remove(file); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *pipelineRun) commitPolicies() {
	r.t.Helper()
	result := enginetest.Exec(r.t, r.policies, append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null"), "bash", "-ec", `git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b.test commit -qm policies --allow-empty && git rev-parse HEAD`)
	require(r.t, result, 0)
	r.commit = strings.TrimSpace(result.Stdout)
	checkout := filepath.Join(r.w.Dir, ".policies")
	if err := errors.Join(os.RemoveAll(checkout), os.CopyFS(filepath.Join(checkout, "policy"), os.DirFS(filepath.Join(r.policies, "policy")))); err != nil {
		r.t.Fatal(err)
	}
}

func (r *pipelineRun) bash(script string, env ...string) enginetest.Result {
	r.t.Helper()
	file := filepath.Join(r.t.TempDir(), "script.sh")
	write(r.t, file, script)
	// The environment of a job has no key but that of the pipeline.
	env = append(env, "ANTHROPIC_COMPLIANCE_API_KEY=", "TF_IN_AUTOMATION=true",
		"PATH="+r.bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TMPDIR="+r.temp, "NO_COLOR=1")
	return enginetest.Exec(r.t, r.w.Dir, append(r.w.Environ(), env...), "bash", "--noprofile", "--norc", "-eo", "pipefail", file)
}

// freshCheckout is what the next job begins with: nothing of the last one but an artifact.
func (r *pipelineRun) freshCheckout(state pipelineState) {
	r.t.Helper()
	if err := os.RemoveAll(filepath.Join(r.w.Dir, "infrastructure/.terraform")); err != nil {
		r.t.Fatal(err)
	}
	r.feed.Add(state.since...)
	r.edit(state.later)
	r.commitPolicies()
}

// runPipeline runs both jobs in each state. What the first tells people is what told returns.
func runPipeline(t *testing.T, job func(r *pipelineRun, name string) enginetest.Result, told func(r *pipelineRun, state pipelineState) string) {
	t.Helper()
	for _, state := range pipelineStates {
		t.Run(state.name, func(t *testing.T) {
			t.Parallel()
			r := newPipelineRun(t, state)
			planned := job(r, "plan")
			if _, err := os.Stat(filepath.Join(r.w.Dir, "sealed-plan")); (planned.Code == 0) != state.open || (err == nil) != state.open {
				t.Errorf("exit code %d, and the plan can be applied: %t\n%s", planned.Code, err == nil, planned.Output())
			}
			message := told(r, state)
			for _, text := range state.says {
				if !strings.Contains(message, text) {
					t.Errorf("want %q in:\n%s\n%s", text, message, planned.Output())
				}
			}
			log := planned.Output() + message
			if state.open {
				r.freshCheckout(state)
				applied := job(r, "apply")
				require(t, applied, min(len(state.refused), 1), state.refused)
				log += applied.Output()
			}
			made, _ := os.ReadFile(filepath.Join(r.w.Dir, "infrastructure/terraform.tfstate"))
			if applied := strings.Contains(string(made), "deployed"); applied != (state.open && state.refused == "") {
				t.Errorf("applied: %t\n%s", applied, log)
			}
			forbid(t, log, append(addresses, fakeapi.Key, "made-up")...)
			// Nothing is left but what stands for GitHub.
			entries, err := os.ReadDir(r.temp)
			for _, entry := range entries {
				if err != nil || entry.Name() != "comments" && entry.Name() != "summary.md" {
					t.Errorf("%s is still there", entry.Name())
				}
			}
		})
	}
}

// A pipelineState is one in which each pipeline is run.
type pipelineState struct {
	name   string
	feed   []string
	noKey  bool
	files  map[string]string // changed before it
	open   bool
	says   []string
	noPlan bool // not even a broken one

	// Of those that are open, what happens until the apply, and what that says if it is refused.
	since   []string
	later   map[string]string
	refused string
}

var pipelineStates = []pipelineState{
	{name: "open", open: true},
	{
		name: "closed_by_a_policy",
		feed: switches(1, stranger, false),
		says: []string{"sign_in_settings found once what must not be:", "org_sso_toggled  activity_00Switch  by user_01Stranger"},
	},
	{
		name:  "conftest_told_to_pass",
		feed:  switches(1, stranger, false),
		files: map[string]string{"conftest.toml": "namespace = [\"nothing\"]\nno-fail = true\n"},
		says:  []string{"sign_in_settings found once what must not be:"},
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
		says:  []string{"The plan has failed", "Changed in the last day."},
	},
	{name: "no_key", noKey: true, says: []string{"The plan has failed"}},
	{name: "no_plan", files: map[string]string{"infrastructure/broken.tf": "resource {"}, noPlan: true},
	{name: "no_lock_file", files: map[string]string{"infrastructure/.terraform.lock.hcl": ""}, noPlan: true},
	{name: "no_rule", files: map[string]string{"policy/activities.rego": "", "policy/checks.rego": "", "policy/plan.rego": "", "policy/policy_test.rego": ""}, noPlan: true},
	{name: "no_policy", files: map[string]string{"policy/broken.rego": "package main\ndeny contains"}, noPlan: true},
	{
		name: "closed_in_between", open: true,
		files: map[string]string{
			"infrastructure/gate.tf":       gateFile,
			"infrastructure/production.tf": "resource \"terraform_data\" \"production\" {\n  input      = \"deployed\"\n  depends_on = [terraform_data.gate]\n}",
		},
		since:   []string{activity("activity_01Settings", "org_compliance_api_settings_updated", robin, time.Second)},
		refused: "Changed in the last day.",
	},
	{
		name: "approved_too_late", open: true,
		later:   map[string]string{"policy/late.rego": "package main\n\ndeny contains \"too late\""},
		refused: "too late",
	},
}

const gateFile = `
ephemeral "compliance_activity_summary" "settings" {
  lookback       = "24h"
  activity_types = ["org_compliance_api_settings_updated"]
}

resource "terraform_data" "gate" {
  lifecycle {
    precondition {
      condition     = ephemeral.compliance_activity_summary.settings.total == 0
      error_message = "Changed in the last day."
    }
  }
}
`

// gh stands in for GitHub's command: comments are files, of a user or of a bot.
const gh = `comments=$RUNNER_TEMP/comments
for ((i = 1; i <= $#; i++)); do
  case ${!i} in
    repos/*) path=${!i} ;;
    --jq) i=$((i + 1)); filter=${!i} ;;
    --method) i=$((i + 1)); method=${!i} ;;
    body=@*) body=${!i#body=@} ;;
  esac
done
if [[ -n ${filter-} ]]; then
  for file in "$comments"/*; do
    jq -n --arg file "${file##*/}" --rawfile body "$file" '($file | split(".")) as [$id, $type] | {$id, user: {$type}, $body}'
  done | jq -s . | jq -r "$filter"
elif [[ ${method-} == PATCH ]]; then
  cp "$body" "$comments/${path##*/}.Bot"
else
  cp "$body" "$comments/$(ls "$comments" | wc -l).Bot"
fi
`

type workflowStep struct {
	Name, If, Run, Uses string
	Env                 map[string]string
}

// TestGitHubActions runs the steps of the reusable workflow as a runner does. Actions that
// it uses are stood in for: the repositories, the engine, conftest and the artifact are there.
func TestGitHubActions(t *testing.T) {
	t.Parallel()
	needs(t, enginetest.EphemeralResources)
	workflow := parseYAML[struct {
		Permissions any
		Defaults    struct{ Run struct{ Shell string } }
		Jobs        map[string]struct {
			Permissions any
			Steps       []workflowStep
		}
	}](t, reusable)
	if workflow.Defaults.Run.Shell != "bash" || workflow.Permissions != nil || workflow.Jobs["plan"].Permissions != nil {
		t.Fatal("the steps are written for bash with pipefail, and the permissions are the caller's")
	}

	const marker = "<!-- audit-gate infrastructure -->"
	job := func(r *pipelineRun, name string) enginetest.Result {
		comments := filepath.Join(r.temp, "comments")
		if err := os.MkdirAll(comments, 0o700); err != nil {
			r.t.Fatal(err)
		}
		write(r.t, filepath.Join(comments, "0.User"), marker+" of somebody else")
		return r.job(workflow.Jobs[name].Steps)
	}
	runPipeline(t, job, func(r *pipelineRun, state pipelineState) string {
		if state.name == "open" { // the next run finds its comment, and no other
			job(r, "plan")
			other := read(r.t, filepath.Join(r.temp, "comments", "0.User"))
			if found, _ := os.ReadDir(filepath.Join(r.temp, "comments")); len(found) != 2 || other != marker+" of somebody else" {
				r.t.Errorf("there are the comments %v, and the other is %q", found, other)
			}
		}
		comment := read(r.t, filepath.Join(r.temp, "comments", "1.Bot"))
		verdict := "**Closed**, because of:"
		switch {
		case state.open:
			verdict = "**Open**: nothing that counts was found."
		case state.noPlan:
			verdict = "**Closed**: there is no result."
		}
		if !strings.HasPrefix(comment, marker+"\n### Audit gate\n\n"+verdict) || state.open == strings.Contains(comment, "**Closed**") {
			r.t.Errorf("the comment is wrong, want %q:\n%s", verdict, comment)
		}
		return comment + read(r.t, filepath.Join(r.temp, "summary.md"))
	})
}

// job runs the scripts of a job, one after the other.
func (r *pipelineRun) job(steps []workflowStep) (all enginetest.Result) {
	r.t.Helper()
	// The artifact is in the checkout meanwhile, where nothing looks for it.
	artifact, sealed := filepath.Join(r.w.Dir, "sealed-plan"), filepath.Join(r.temp, "sealed-plan")
	expressions := map[string]string{
		"${{ steps.vault.outputs.key || secrets.compliance-api-key }}":     r.key,
		"${{ secrets.credentials }}":                                       "MADE_UP_TOKEN=made-up\n",
		"${{ secrets.plan-passphrase }}":                                   "made-up-passphrase",
		"${{ inputs.directory }}":                                          "infrastructure",
		"${{ github.workspace }}/.policies/${{ inputs.policy-directory }}": filepath.Join(r.w.Dir, ".policies/policy"),
		"${{ github.token }}":                                              "made-up-token",
		"${{ github.repository }}":                                         "example/example",
		"${{ github.event.pull_request.number }}":                          "1",
	}
	for _, s := range steps {
		if strings.HasPrefix(s.Uses, "actions/download-artifact@") {
			_ = os.Rename(artifact, sealed)
		}
		if s.Run == "" || s.Name == "Install conftest" {
			continue
		}
		forced := slices.Contains([]string{"${{ !cancelled() }}", "always()"}, s.If)
		if s.If != "" && !forced && s.If != "inputs.apply" {
			r.t.Fatalf("step %q has the unknown condition %q", s.Name, s.If)
		}
		if all.Code != 0 && !forced {
			continue
		}
		if strings.Contains(s.Run, "${{") {
			r.t.Errorf("step %q has an expression in its script", s.Name)
		}
		env := []string{"RUNNER_TEMP=" + r.temp, "GITHUB_STEP_SUMMARY=" + filepath.Join(r.temp, "summary.md")}
		for name, value := range s.Env {
			known, ok := expressions[value]
			if !ok {
				r.t.Fatalf("step %q has the unknown value %q", s.Name, value)
			}
			env = append(env, name+"="+known)
		}
		result := r.bash(s.Run, env...)
		if s.Name == "Seal" {
			if err := os.Rename(sealed, artifact); err != nil {
				r.t.Fatal(err)
			}
		}
		all.Stdout += result.Output()
		all.Code = max(all.Code, result.Code)
	}
	return all
}

// TestTell runs what makes a failed schedule heard.
func TestTell(t *testing.T) {
	t.Parallel()
	needs(t, enginetest.EphemeralResources)
	bin, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	for name, script := range map[string]string{
		"gh":   `echo "gh $*" >>"$LOG"; [[ $* != *"issue list"* ]] || echo "$OPEN"`,
		"curl": `echo "curl $*" >>"$LOG"`,
	} {
		program(t, bin, name, script+"\n")
	}
	github := parseYAML[struct {
		Jobs map[string]struct{ Steps []workflowStep }
	}](t, caller)
	ci := decode[struct{ Script []string }](t, string(parseYAML[map[string]json.RawMessage](t, gitlab)["tell"]))
	for _, test := range []struct{ script, open, want string }{
		{github.Jobs["tell"].Steps[0].Run, "", "issue create --title The audit gate is closed, or nobody could look --body https://run"},
		{github.Jobs["tell"].Steps[0].Run, "7", "issue comment 7 --body Again: https://run"},
		{strings.Join(ci.Script, "\n"), "", `"text": "The audit gate is closed, or nobody could look: https://run"} https://webhook`},
	} {
		env := append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "LOG="+log, "OPEN="+test.open,
			"RUN=https://run", "CI_PIPELINE_URL=https://run", "ALERT_WEBHOOK=https://webhook")
		require(t, enginetest.Exec(t, bin, env, "bash", "-eo", "pipefail", "-c", test.script), 0)
		if told := read(t, log); !strings.Contains(told, test.want) {
			t.Errorf("want %q in:\n%s", test.want, told)
		}
	}
}

// TestGitLabCI runs the scripts of the jobs.
func TestGitLabCI(t *testing.T) {
	t.Parallel()
	needs(t, enginetest.EphemeralResources)
	use(t, gitlab)
	type job struct {
		Extends      string
		BeforeScript []string `json:"before_script"`
		Script       []string
		Artifacts    struct {
			Paths   []string
			Reports map[string]string
		}
	}
	pipeline := parseYAML[map[string]json.RawMessage](t, gitlab)
	gate, plan, apply := decode[job](t, string(pipeline[".gate"])), decode[job](t, string(pipeline["audit-gate"])), decode[job](t, string(pipeline["apply"]))
	if !slices.Equal(plan.Artifacts.Paths, []string{"sealed-plan"}) || len(plan.Artifacts.Reports) != 1 || plan.Extends != ".gate" || apply.Extends != ".gate" {
		t.Errorf("there are other artifacts than the sealed plan and the report: %v", plan.Artifacts)
	}
	jobs := map[string]job{"plan": plan, "apply": apply}
	runPipeline(t, func(r *pipelineRun, name string) enginetest.Result {
		return r.bash(strings.Join(slices.Concat(gate.BeforeScript, jobs[name].Script), "\n"),
			"DIRECTORY=infrastructure", "POLICY_REPOSITORY="+r.policies, "POLICY_COMMIT="+r.commit, "POLICY_DIRECTORY=policy",
			"CI_COMMIT_BRANCH=main", "CI_DEFAULT_BRANCH=main", "PLAN_PASSPHRASE=made-up-passphrase", "COMPLIANCE_API_KEY="+r.key)
	}, func(r *pipelineRun, state pipelineState) string {
		report, _ := os.ReadFile(filepath.Join(r.w.Dir, plan.Artifacts.Reports["junit"]))
		return html.UnescapeString(string(report))
	})
	// A branch is no commit.
	r := newPipelineRun(t, pipelineState{})
	result := r.bash(strings.Join(gate.BeforeScript, "\n"), "POLICY_REPOSITORY="+r.policies, "POLICY_COMMIT=main", "DIRECTORY=infrastructure")
	if result.Code == 0 {
		t.Errorf("the policies of a branch are taken:\n%s", result.Output())
	}
}
