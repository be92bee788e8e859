//go:build unix

package provider

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// Ctrl-C goes to the engine and the provider alike, and ends a long wait at once.
func TestEngineIsInterrupted(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]fakeapi.Fault{
		"while a request is under way":      fakeapi.Hang(),
		"while it waits for the next one":   fakeapi.TooManyRequests("600"),
		"while a body arrives drop by drop": fakeapi.Drip(1, 100*time.Millisecond),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(50)...)})
			fake.Inject(fakeapi.Always, fault)
			w := newWorkspace(t, fake, `data "compliance_activities" "all" {}`)
			var output bytes.Buffer
			command := exec.CommandContext(t.Context(), os.Getenv("TF_ACC_TERRAFORM_PATH"), "plan", "-no-color", "-input=false")
			command.Dir, command.Env = w.Dir, w.Environ()
			command.Stdout, command.Stderr = &output, &output
			command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the group is what a terminal interrupts
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			for waited := time.Duration(0); len(fake.Requests()) == 0 && waited < time.Minute; waited += 10 * time.Millisecond {
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(100 * time.Millisecond) // until the answer has arrived, if there is one
			interrupted := time.Now()
			if err := syscall.Kill(-command.Process.Pid, syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			err := command.Wait()
			// About a second by itself, and more where other tests keep the machine busy.
			const most = 5 * time.Second
			if took := time.Since(interrupted); took > most {
				t.Errorf("it took %s to end, want at most %s", took, most)
			}
			if err == nil {
				t.Errorf("got a plan, want an error:\n%s", &output)
			}
			requireContains(t, output.String(), "The read was cancelled")
		})
	}
}
