# A key made at night or at the weekend: Monday to Friday, 9:00 to 17:00 UTC is allowed.
# formatdate keeps an offset, so that only a time that ends in Z is taken. Known from rules
# for comparable services.
ephemeral "compliance_activities" "new_key_out_of_hours" {
  lookback = "7d"
  activity_types = [
    "admin_api_key_created",
    "api_key_created",
    "platform_api_key_created",
    "platform_federation_issuer_created",
    "platform_federation_rule_created",
    "platform_oauth_app_created",
    "platform_service_account_created",
    "platform_signing_key_created",
    "service_key_created",
  ]
}

resource "terraform_data" "new_key_out_of_hours" {
  lifecycle {
    precondition {
      condition = alltrue([for a in ephemeral.compliance_activities.new_key_out_of_hours.activities : try(
        endswith(a.created_at, "Z")
        && contains(["Mon", "Tue", "Wed", "Thu", "Fri"], formatdate("EEE", a.created_at))
        && contains(range(9, 17), tonumber(formatdate("h", a.created_at)))
      , false)])
      error_message = "In the last 7 days a key was made outside working hours. Look for the types of new_key_out_of_hours.tf in the Activity Feed."
    }
  }
}
