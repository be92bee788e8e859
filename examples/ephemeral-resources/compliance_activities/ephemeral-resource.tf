terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

# Who switched the IP restriction off? The gate looks at addresses, and none of them is
# stored. Its error_message is a fixed text: one that quotes an ephemeral value is not shown.
ephemeral "compliance_activities" "ip_restriction" {
  lookback       = "24h"
  activity_types = ["org_ip_restriction_deleted"]
}

resource "terraform_data" "deployment" {
  lifecycle {
    precondition {
      condition = alltrue([
        for a in ephemeral.compliance_activities.ip_restriction.activities :
        try(endswith(lower(a.actor.email_address), "@example.com"), false)
      ])
      error_message = "Somebody from outside has removed an IP restriction in the last 24 hours."
    }
  }
}
