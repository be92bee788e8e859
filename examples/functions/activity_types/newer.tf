# Add names of your own, for instance of types that are newer than the provider.
data "compliance_activity_summary" "tunnels" {
  lookback       = "7d"
  activity_types = concat(provider::compliance::activity_types("tunnel_token_*"), ["tunnel_created"])
}

output "tunnel_changes" {
  value = data.compliance_activity_summary.tunnels.by_type
}
