// The command terraform-provider-compliance is the Terraform provider for the
// Activity Feed of Anthropic's Compliance API. Terraform starts it; run by hand, it
// knows -version, and -debug, which waits for a debugger.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"log"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/compliance-feed/terraform-provider-compliance/internal/provider"
)

// version and commit are set by the release build.
var version, commit string

func main() {
	showVersion := flag.Bool("version", false, "print version and commit, and exit")
	debugging := flag.Bool("debug", false, "run until interrupted and print what TF_REATTACH_PROVIDERS needs")
	flag.Parse()
	info, _ := debug.ReadBuildInfo() // there is none without modules, of which this is one
	version, commit = identify(version, commit, info)
	if *showVersion {
		fmt.Printf("terraform-provider-compliance %s (commit %s, %s, %s/%s)\n", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return
	}
	provider.RedactLog()
	var options []tf6server.ServeOpt
	if *debugging {
		options = append(options, tf6server.WithManagedDebug())
	}
	if err := tf6server.Serve(provider.Address, provider.NewServer(version), options...); err != nil {
		log.Fatal(err)
	}
}

// identify fills in what the release build has not set from what the go command put into
// the binary: the version, with +dirty where files differed from the commit, and the commit.
// A build outside of a repository is "dev" of commit "unknown".
func identify(version, commit string, info *debug.BuildInfo) (string, string) {
	built := strings.TrimPrefix(info.Main.Version, "v")
	if built == "(devel)" {
		built = ""
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			commit = cmp.Or(commit, setting.Value)
		}
	}
	return cmp.Or(version, built, "dev"), cmp.Or(commit, "unknown")
}
