//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// watch follows the peak memory of a process and of its children until peaks is
// called, which returns the process's own and that of the largest child in bytes.
//
// The kernel keeps the peak, so it is enough to look now and then before a process
// ends, and that disturbs less than the run's own noise. Only Linux tells.
func watch(pid int) (peaks func() (own, child int64)) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	var own, child int64
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(25 * time.Millisecond)
		defer ticker.Stop()
		for {
			own = max(own, peakMemory(strconv.Itoa(pid)))
			for _, id := range children(pid) {
				// Until it runs a program of its own, a child is a copy of its parent.
				if program(id) != program(strconv.Itoa(pid)) {
					child = max(child, peakMemory(id))
				}
			}
			select {
			case <-ticker.C:
			case <-stop:
				return
			}
		}
	}()
	return func() (int64, int64) {
		close(stop)
		<-stopped
		return own, child
	}
}

// children are the processes that any thread of a process has started.
func children(pid int) []string {
	var ids []string
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, thread := range threads {
		list, _ := os.ReadFile(thread)
		ids = append(ids, strings.Fields(string(list))...)
	}
	return ids
}

// program is the file that a process runs, "" for one that has ended.
func program(pid string) string {
	file, _ := os.Readlink("/proc/" + pid + "/exe")
	return file
}

// peakMemory is 0 for a process that has ended.
func peakMemory(pid string) int64 {
	status, _ := os.ReadFile("/proc/" + pid + "/status")
	_, peak, _ := strings.Cut(string(status), "\nVmHWM:")
	peak, _, _ = strings.Cut(peak, "kB")
	kilobytes, _ := strconv.ParseInt(strings.TrimSpace(peak), 10, 64)
	return kilobytes << 10
}
