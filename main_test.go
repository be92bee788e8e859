package main

import (
	"runtime/debug"
	"testing"
)

func TestIdentify(t *testing.T) {
	t.Parallel()
	revision := []debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "0123abc"}}
	for name, test := range map[string]struct {
		version, commit string // of the release build
		module          string
		settings        []debug.BuildSetting
		want            string
	}{
		"release":               {"1.2.3", "fedcba", "v1.2.3+dirty", revision, "1.2.3 fedcba"},
		"version set by hand":   {"0.0.1", "", "(devel)", revision, "0.0.1 0123abc"},
		"build of a tag":        {"", "", "v1.2.3", revision, "1.2.3 0123abc"},
		"install of a version":  {"", "", "v1.2.3", nil, "1.2.3 unknown"},
		"outside a repository":  {"", "", "(devel)", nil, "dev unknown"},
		"test binary or go run": {"", "", "", nil, "dev unknown"},
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: test.module}, Settings: test.settings}
		if version, commit := identify(test.version, test.commit, info); version+" "+commit != test.want {
			t.Errorf("%s: got version %q and commit %q, want %s", name, version, commit, test.want)
		}
	}
}
