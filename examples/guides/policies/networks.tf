ephemeral "compliance_activities" "key_networks" {
  lookback       = "7d"
  activity_types = ["admin_api_key_created", "api_key_created"]
}

resource "terraform_data" "key_networks" {
  lifecycle {
    precondition {
      condition = alltrue([for a in ephemeral.compliance_activities.key_networks.activities : anytrue([
        for network in ["192.0.2.0/24", "2001:db8::/32"] :
        try(cidrhost("${a.actor.ip_address}/${split("/", network)[1]}", 0) == cidrhost(network, 0), false)
      ])])
      error_message = "In the last 7 days a key was made from outside the company's networks. Look for *_key_created in the Activity Feed."
    }
  }
}
