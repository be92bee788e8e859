//go:build linux

package provider

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/compliance-feed/terraform-provider-compliance/internal/enginetest"
	"github.com/compliance-feed/terraform-provider-compliance/internal/fakeapi"
)

// newSilent listens, takes connections and says nothing. It counts them.
func newSilent(t *testing.T) (address string, connections *atomic.Int32) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	connections = &atomic.Int32{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() { _, _ = io.Copy(io.Discard, conn); conn.Close() }()
		}
	}()
	return listener.Addr().String(), connections
}

// newFull listens with a queue that is full, so that a dial has no answer.
func newFull(t *testing.T) (address string) {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(socket, 0); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	address = fmt.Sprintf("127.0.0.1:%d", bound.(*syscall.SockaddrInet4).Port)
	for range 10 {
		conn, err := (&net.Dialer{Timeout: 200 * time.Millisecond}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			return address
		}
		t.Cleanup(func() { conn.Close() })
	}
	t.Fatal("the queue of the socket is never full")
	return ""
}

// Ctrl-C and SIGTERM go to the engine and the provider alike, and end every read wherever
// it is: in a dial, a handshake, a CONNECT, a body, a wait. An engine does not pass them on
// while it reads for an apply. The state is left unlocked.
func TestEngineIsInterrupted(t *testing.T) {
	t.Parallel()
	enginetest.Needs(t, enginetest.EphemeralResources)
	for _, command := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(command[0]+" "+signal.String(), func(t *testing.T) {
				t.Parallel()
				body := newFake(t, fakeapi.Options{Feed: fakeapi.NewFeed(records(50)...)})
				body.Inject(fakeapi.Always, fakeapi.HangBody(100))
				wait := newFake(t, fakeapi.Options{})
				wait.Inject(fakeapi.Always, fakeapi.TooManyRequests("600"))
				handshake, handshakes := newSilent(t)
				proxy, connects := newSilent(t)
				bases := []string{"https://" + newFull(t), "https://" + handshake, "https://example.com", body.URL, wait.URL}
				var config strings.Builder
				for i, base := range bases {
					fmt.Fprintf(&config, `
provider "compliance" {
  alias    = "p%[1]d"
  base_url = %[2]q
}
data "compliance_activities" "p%[1]d" {
  provider = compliance.p%[1]d
}
ephemeral "compliance_activity_summary" "p%[1]d" {
  provider = compliance.p%[1]d
}
`, i, base)
				}
				w := newWorkspace(t, body, config.String())
				w.Setenv("HTTPS_PROXY", "http://"+proxy)
				stuck := func() bool {
					return len(body.Requests()) == 2 && len(wait.Requests()) > 0 && handshakes.Load() == 2 && connects.Load() == 2
				}
				output, err := interrupt(t, w, append(command, "-no-color", "-input=false"), signal, stuck)
				if err == nil {
					t.Errorf("it succeeded, want an error:\n%s", output)
				}
				if got := strings.Count(output, "The read was cancelled"); got != 2*len(bases) {
					t.Errorf("%d reads were cancelled, want %d:\n%s", got, 2*len(bases), output)
				}
				if _, err := os.Stat(filepath.Join(w.Dir, ".terraform.tfstate.lock.info")); err == nil {
					t.Error("the state was left locked")
				}
			})
		}
	}
}

// interrupt runs the engine, and sends a signal to it and its providers, as a terminal does,
// when all reads are stuck.
func interrupt(t *testing.T, w *enginetest.Workspace, args []string, signal syscall.Signal, stuck func() bool) (string, error) {
	t.Helper()
	var output bytes.Buffer
	command := exec.CommandContext(t.Context(), enginetest.Engine(t), args...)
	command.Dir, command.Env = w.Dir, w.Environ()
	command.Stdout, command.Stderr = &output, &output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the group is what a terminal interrupts
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for waited := time.Duration(0); !stuck() && waited < time.Minute; waited += 10 * time.Millisecond {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond) // until what is on its way is there, and a dial has begun
	if err := syscall.Kill(-command.Process.Pid, signal); err != nil {
		t.Fatal(err)
	}
	hangs := time.AfterFunc(30*time.Second, func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
	defer hangs.Stop()
	err := command.Wait()
	return output.String(), err
}
