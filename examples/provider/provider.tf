terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

# The key comes from the environment variable ANTHROPIC_COMPLIANCE_API_KEY.
provider "compliance" {}

data "compliance_activity_summary" "today" {
  lookback = "24h"
}

output "activities_today" {
  value = data.compliance_activity_summary.today.total
}
