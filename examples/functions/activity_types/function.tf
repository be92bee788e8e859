data "compliance_activity_summary" "keys" {
  lookback       = "7d"
  activity_types = provider::compliance::activity_types("sso_*", "*_api_key_created")
}

output "key_types" {
  value = provider::compliance::activity_types("*_api_key_created")
}
