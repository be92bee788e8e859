# The policies without an API: `terraform test`, or `tofu test`, needs no key and no network.
#
# What a mock leaves out is made up: no activities, zeros, names of eight random letters.
# A policy passes on that, so give each data source that it looks at an override, in every
# run. Terraform 1.11 cannot mock ephemeral resources; provider functions stay real.
mock_provider "compliance" {}

run "quiet" {
  command = plan

  override_data {
    target = data.compliance_activities.roles
    values = { activities = [] }
  }
  override_data {
    target = data.compliance_activity_summary.sign_ins
    values = { total = 2, by_type = { sso_login_failed = 2 } }
  }

  assert {
    condition     = length(output.granted) == 0
    error_message = "Something was made up."
  }
}

run "too_many_failed_sign_ins" {
  command = plan

  override_data {
    target = data.compliance_activities.roles
    values = { activities = [] }
  }
  override_data {
    target = data.compliance_activity_summary.sign_ins
    values = { total = 3, by_type = { sso_login_failed = 3 } }
  }

  expect_failures = [check.sign_ins]
}

run "role_granted_by_robin" {
  command = plan

  # No variables and no functions can stand here. Terraform would take an activity with
  # some fields only; OpenTofu wants all of them.
  override_data {
    target = data.compliance_activities.roles
    values = {
      activities = [
        {
          id                = "activity_01ByRobin"
          created_at        = "2026-04-10T07:00:00Z"
          type              = "rbac_role_assigned"
          organization_id   = "org_01Example"
          organization_uuid = null
          actor = {
            type                          = "user_actor"
            user_id                       = "user_01Robin"
            email_address                 = "robin@example.com"
            ip_address                    = "192.0.2.34"
            user_agent                    = null
            unauthenticated_email_address = null
            api_key_id                    = null
            admin_api_key_id              = null
            service_account_id            = null
            directory_id                  = null
            idp_connection_type           = null
            workos_event_id               = null
            extra                         = "{}"
          }
          extra = "{\"role_id\":\"role_01Auditor\",\"principal_id\":\"user_01Kim\"}"
        },
      ]
    }
  }
  override_data {
    target = data.compliance_activity_summary.sign_ins
    values = { total = 0, by_type = {} }
  }

  assert {
    condition     = join(" ", output.granted) == "role_01Auditor by user_01Robin"
    error_message = "Other roles: ${jsonencode(output.granted)}"
  }
}

run "role_granted_by_kim" {
  command = plan

  override_data {
    target = data.compliance_activities.roles
    values = {
      activities = [
        {
          id                = "activity_02ByKim"
          created_at        = "2026-04-10T07:00:00Z"
          type              = "rbac_role_assigned"
          organization_id   = "org_01Example"
          organization_uuid = null
          actor = {
            type                          = "user_actor"
            user_id                       = "user_01Kim"
            email_address                 = "kim@example.com"
            ip_address                    = "192.0.2.99"
            user_agent                    = null
            unauthenticated_email_address = null
            api_key_id                    = null
            admin_api_key_id              = null
            service_account_id            = null
            directory_id                  = null
            idp_connection_type           = null
            workos_event_id               = null
            extra                         = "{}"
          }
          extra = "{\"role_id\":\"role_01Owner\",\"principal_id\":\"user_01Kim\"}"
        },
      ]
    }
  }
  override_data {
    target = data.compliance_activity_summary.sign_ins
    values = { total = 0, by_type = {} }
  }

  expect_failures = [data.compliance_activities.roles]
}
