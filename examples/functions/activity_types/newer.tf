# A type that is newer than the provider stands beside the function.
data "compliance_activity_summary" "tunnels" {
  lookback       = "7d"
  activity_types = concat(provider::compliance::activity_types("tunnel_*"), ["tunnel_frobnicated"])
}

output "tunnel_changes" {
  value = data.compliance_activity_summary.tunnels.by_type
}
