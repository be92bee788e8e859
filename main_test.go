package main

import (
	"runtime/debug"
	"testing"
)

func TestIdentify(t *testing.T) {
	t.Parallel()
	repository := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123abc"}, {Key: "vcs.modified", Value: "false"}}
	changed := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123abc"}, {Key: "vcs.modified", Value: "true"}}
	for name, test := range map[string]struct {
		version, commit         string
		module                  string
		settings                []debug.BuildSetting
		wantVersion, wantCommit string
	}{
		"release":               {"1.2.3", "fedcba", "v1.2.3+dirty", changed, "1.2.3", "fedcba"},
		"version set by hand":   {"0.0.1", "", "(devel)", repository, "0.0.1", "0123abc"},
		"build of a tag":        {"", "", "v1.2.3", repository, "1.2.3", "0123abc"},
		"build of a changed":    {"", "", "v1.2.4-0.20260101000000-0123abc+dirty", changed, "1.2.4-0.20260101000000-0123abc+dirty", "0123abc+dirty"},
		"install of a version":  {"", "", "v1.2.3", nil, "1.2.3", "unknown"},
		"outside a repository":  {"", "", "(devel)", nil, "dev", "unknown"},
		"test binary or go run": {"", "", "", nil, "dev", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			info := &debug.BuildInfo{Main: debug.Module{Version: test.module}, Settings: test.settings}
			version, commit := identify(test.version, test.commit, info)
			if version != test.wantVersion || commit != test.wantCommit {
				t.Errorf("got version %q and commit %q, want %q and %q", version, commit, test.wantVersion, test.wantCommit)
			}
		})
	}
}
