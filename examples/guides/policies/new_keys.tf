ephemeral "compliance_activities" "new_keys" {
  lookback       = "7d"
  activity_types = ["admin_api_key_created", "api_key_created", "platform_api_key_created", "service_key_created"]
}

resource "terraform_data" "new_keys" {
  lifecycle {
    precondition {
      # By one of these, from Monday to Friday, from 9 to 17 o'clock UTC.
      condition = alltrue([for a in ephemeral.compliance_activities.new_keys.activities : try(
        contains(["user_01Robin", "user_01Kim"], a.actor.user_id)
        && contains(["Mon", "Tue", "Wed", "Thu", "Fri"], formatdate("EEE", a.created_at))
        && contains(range(9, 17), tonumber(formatdate("h", a.created_at)))
      , false)])
      error_message = "In the last 7 days an API key was made outside the change window, or by somebody unknown. Look for *_key_created in the Activity Feed."
    }
  }
}
