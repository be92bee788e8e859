# A gate that says who, what and when, and stores no e-mail or IP address.
terraform {
  required_version = ">= 1.5"

  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}

provider "compliance" {} # The key comes from ANTHROPIC_COMPLIANCE_API_KEY.

# All arguments are known during plan. With one that is not, or with depends_on on something
# that changes, both the read and the gate would wait for the apply.
data "compliance_activity_summary" "owner_changes" {
  lookback       = "7d"
  activity_types = ["org_compliance_api_settings_updated", "primary_owner_transferred"]

  # Both switched on is fine, whoever did it.
  except = [
    { compliance_api_enabled = ["true"], compliance_api_logging_enabled = ["true"] },
  ]

  lifecycle {
    postcondition {
      condition = self.total == 0
      # A line that begins with spaces is not wrapped.
      error_message = join("\n", concat(
        ["The owner changed, or the Compliance API was switched off, ${self.total} times in the last 7 days:"],
        [for a in self.newest : "  ${a.created_at}  ${a.type}  by ${coalesce(a.actor_id, a.actor_type, "nobody named")}  ${a.id}"],
      ))
    }
  }
}
