terraform {
  required_providers {
    compliance = {
      source  = "compliance-feed/compliance"
      version = "~> 0.1"
    }
  }
}

data "compliance_activity_summary" "keys" {
  lookback       = "7d"
  activity_types = provider::compliance::activity_types("sso_*", "*api_key_created", "service_key_created")
}

output "key_types" {
  value = provider::compliance::activity_types("*api_key_created", "service_key_created")
}
