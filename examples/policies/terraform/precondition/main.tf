# A gate that looks at e-mail addresses and stores none: nothing of an ephemeral resource is
# in the plan, in the state or in `terraform show -json`.
terraform {
  required_version = ">= 1.10" # OpenTofu 1.11

  required_providers {
    compliance = {
      source = "compliance-feed/compliance"
    }
  }
}

provider "compliance" {} # The key comes from ANTHROPIC_COMPLIANCE_API_KEY.

variable "domain" {
  description = "Whose people may make API keys."
  type        = string
  default     = "example.com"
}

# Read at plan, and again at apply: the gate can close in between.
ephemeral "compliance_activities" "keys_made" {
  lookback       = "24h"
  activity_types = ["admin_api_key_created", "api_key_created", "platform_api_key_created", "service_key_created"]
}

# The precondition fails the plan even if nothing else of the resource changes. At apply it is
# judged again, in the order of dependencies: what it guards depends on it.
resource "terraform_data" "gate" {
  lifecycle {
    precondition {
      # Who has no address does not pass: an API key, an unknown actor, none at all.
      condition = alltrue([
        for a in ephemeral.compliance_activities.keys_made.activities :
        try(endswith(lower(a.actor.email_address), "@${var.domain}"), false)
      ])
      # A fixed text. One that quotes an ephemeral value would not be shown.
      error_message = "In the last 24 hours, an API key was made by somebody from outside. Look for *_key_created in the Activity Feed."
    }
  }
}

resource "terraform_data" "production" {
  input      = "what the gate guards"
  depends_on = [terraform_data.gate]
}
