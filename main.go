// The command terraform-provider-compliance is the Terraform provider for the
// Activity Feed of Anthropic's Compliance API. Terraform starts it; run by hand, it
// only knows -debug, which waits for a debugger.
package main

import (
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/compliance-feed/terraform-provider-compliance/internal/provider"
)

// version is set by the release build.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "run until interrupted and print what TF_REATTACH_PROVIDERS needs")
	flag.Parse()
	var options []tf6server.ServeOpt
	if *debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	if err := tf6server.Serve(provider.Address, provider.NewServer(version), options...); err != nil {
		log.Fatal(err)
	}
}
