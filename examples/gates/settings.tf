# What the gates of this folder share. Replace the examples with your own, once.
terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

# The key comes from ANTHROPIC_COMPLIANCE_API_KEY. A key of another organization closes every gate.
provider "compliance" {
  key_organization_id = "org_01Example"
}

# Findings that somebody has looked at: the activity's ID, and why it is fine.
variable "reviewed" {
  type    = map(string)
  default = {} # { activity_01AbC = "Planned, OPS-812." }
}

locals {
  networks       = ["192.0.2.0/24", "2001:db8::/32"]
  colleagues     = ["*@example.com"]
  directories    = ["directory_01Example"] # your directory sync
  key_makers     = ["user_01Robin"]        # who makes keys, in working hours
  exporters      = ["user_01Robin"]        # who exports data
  feed_readers   = ["apikey_01Example"]    # your own keys; an Admin key is apikey_…, too
  second_factors = ["totp", "passkey"]     # what mfa_method says in your feed
  clients        = ["Mozilla/5.0 (*) AppleWebKit/* Safari/*", "Mozilla/5.0 (*) Gecko/* Firefox/*", "Claude/*"]
  ordinary_roles = flatten([
    for role in ["claude_code_user", "commenter", "developer", "member", "user", "viewer"] : [role, "*:${role}", "workspace_${role}"]
  ])
}
