# Needs no API and no key: run `terraform test` or `tofu test` here, with Terraform 1.7 or
# OpenTofu 1.8. What the mock leaves out it makes up: a summary without activities, an
# empty list. So a run without override_data shows nothing but that the gate opens.
mock_provider "compliance" {
  override_data {
    target = data.compliance_activity_summary.watched
    values = {
      by_type = { admin_api_key_created = 2, sso_login_failed = 3 }
      window  = { start = "2026-04-09T08:00:00Z", end = null }
    }
  }

  # All fields are written out, which OpenTofu wants; Terraform would do without. Terraform,
  # for its part, can't mock an activity whose actor is null.
  override_data {
    target = data.compliance_activities.forbidden
    values = {
      activities = [
        {
          id                = "activity_01ByRobin"
          created_at        = "2026-04-10T07:00:00Z"
          type              = "admin_api_key_created"
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
          extra = "{\"admin_api_key_id\":\"apikey_01New\"}"
        },
        {
          id                = "activity_02ByAnthropic"
          created_at        = "2026-04-10T06:00:00Z"
          type              = "admin_api_key_created"
          organization_id   = null
          organization_uuid = null
          actor = {
            type                          = "anthropic_actor"
            user_id                       = null
            email_address                 = null
            ip_address                    = null
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
          extra = "{}"
        },
      ]
    }
  }

  override_data {
    target = data.compliance_activities.exceeded
    values = {
      activities = [
        {
          id                = "activity_03SignIn"
          created_at        = "2026-04-10T05:00:00Z"
          type              = "sso_login_failed"
          organization_id   = null
          organization_uuid = null
          actor = {
            type                          = "unauthenticated_user_actor"
            user_id                       = null
            email_address                 = null
            ip_address                    = "192.0.2.99"
            user_agent                    = null
            unauthenticated_email_address = "kim@example.com"
            api_key_id                    = null
            admin_api_key_id              = null
            service_account_id            = null
            directory_id                  = null
            idp_connection_type           = null
            workos_event_id               = null
            extra                         = "{}"
          }
          extra = "{}"
        },
      ]
    }
  }
}

run "open_where_nothing_forbidden_occurred" {
  command = plan

  variables {
    forbidden_activity_types = ["primary_owner_transferred"]
    thresholds               = { sso_login_failed = 3 }
  }

  assert {
    condition     = length(output.findings) == 0
    error_message = "There are findings without a reason."
  }
}

run "closed_by_a_forbidden_type" {
  command = plan

  variables {
    forbidden_activity_types = ["admin_api_key_created"]
  }

  expect_failures = [output.findings]
}

run "closed_though_one_actor_is_allowed" {
  command = plan

  variables {
    forbidden_activity_types = ["admin_api_key_created"]
    allowed_actors           = ["user_01Robin"]
  }

  # The other one is not.
  expect_failures = [output.findings]
}

run "closed_above_a_threshold" {
  command = plan

  variables {
    thresholds = { sso_login_failed = 2 }
  }

  expect_failures = [output.findings]
}

run "findings_without_enforcement" {
  command = plan

  variables {
    forbidden_activity_types = ["admin_api_key_created"]
    allowed_actors           = ["user_01Robin"]
    thresholds               = { sso_login_failed = 2 }
    enforce                  = false
  }

  assert {
    condition     = join(" ", output.findings[*].id) == "activity_02ByAnthropic activity_03SignIn"
    error_message = "Other findings: ${jsonencode(output.findings)}"
  }
  assert {
    condition     = join(" ", output.findings[*].actor) == "anthropic_actor unauthenticated_user_actor"
    error_message = "Other actors: ${jsonencode(output.findings)}"
  }
}

run "fixed_window" {
  command = plan

  variables {
    forbidden_activity_types = ["primary_owner_transferred"]
    window                   = { start = "2026-04-09T08:00:00Z" }
  }

  assert {
    condition     = data.compliance_activity_summary.watched.lookback == null
    error_message = "The window and lookback are both in use."
  }
}

run "refuses_what_could_never_match" {
  command = plan

  variables {
    forbidden_activity_types = ["org_sso_*"]
    allowed_actors           = ["robin@example.com"]
    thresholds               = { sso_login_failed = -1 }
    max_listed               = 0
  }

  expect_failures = [var.forbidden_activity_types, var.allowed_actors, var.thresholds, var.max_listed]
}
