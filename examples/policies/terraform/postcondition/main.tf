# A gate that names the offenders. Who is named, or could be, is in the state and in plan
# files: treat them as personal data, or take ../precondition.
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
data "compliance_activities" "owner_changes" {
  lookback       = "7d"
  activity_types = ["org_compliance_api_settings_updated", "primary_owner_transferred"]

  lifecycle {
    postcondition {
      condition = length(self.activities) == 0
      # IDs, times and types; the addresses stay out of the log. A line that begins with
      # spaces is not wrapped.
      error_message = join("\n", concat(
        ["The owner, or the settings of the Compliance API, changed in the last 7 days:"],
        [for a in self.activities : "  ${a.created_at}  ${a.type}  ${a.id}"],
      ))
    }
  }
}
