# Needs no API and no key: run `terraform test` or `tofu test` here, with Terraform 1.7 or
# OpenTofu 1.8. What the mock leaves out it makes up: a summary without activities. So a run
# without override_data shows nothing but that the gate opens.
mock_provider "compliance" {
  # All fields are written out, which OpenTofu wants; Terraform would do without.
  override_data {
    target = data.compliance_activity_summary.watched
    values = {
      total    = 5
      excepted = 4
      by_type  = { admin_api_key_created = 2, sso_login_failed = 3 }
      window   = { start = "2026-04-09T08:00:00Z", end = null }
      newest = [
        {
          id              = "activity_01ByRobin"
          created_at      = "2026-04-10T07:00:00Z"
          type            = "admin_api_key_created"
          organization_id = "org_01Example"
          actor_type      = "user_actor"
          actor_id        = "user_01Robin"
        },
        {
          id              = "activity_02ByAnthropic"
          created_at      = "2026-04-10T06:00:00Z"
          type            = "admin_api_key_created"
          organization_id = null
          actor_type      = "anthropic_actor"
          actor_id        = null
        },
      ]
      groups = [
        {
          count             = 3
          keys              = { type = "sso_login_failed" }
          distinct          = { account = 1, actor = 0, ip_address = 1, organization = 0, type = 1, user_agent = 1 }
          newest_id         = "activity_03SignIn"
          newest_created_at = "2026-04-10T05:00:00Z"
        },
        {
          count             = 2
          keys              = { type = "admin_api_key_created" }
          distinct          = { account = 1, actor = 1, ip_address = 1, organization = 1, type = 1, user_agent = 1 }
          newest_id         = "activity_01ByRobin"
          newest_created_at = "2026-04-10T07:00:00Z"
        },
      ]
    }
  }
}

run "open_below_a_threshold" {
  command = plan

  variables {
    thresholds = { admin_api_key_created = 2, sso_login_failed = 3 }
  }

  assert {
    condition     = length(output.findings) == 0
    error_message = "There are findings without a reason."
  }
  assert {
    condition     = output.excepted == 4
    error_message = "The exceptions are not told."
  }
}

run "closed_by_a_forbidden_type" {
  command = plan

  variables {
    forbidden_activity_types = ["admin_api_key_created"]
    thresholds               = { sso_login_failed = 3 }
  }

  expect_failures = [output.findings]
}

run "closed_above_a_threshold" {
  command = plan

  variables {
    thresholds = { admin_api_key_created = 2, sso_login_failed = 2 }
  }

  expect_failures = [output.findings]
}

run "closed_by_another_type_than_was_asked_for" {
  command = plan

  variables {
    thresholds = { sso_login_failed = 3 }
  }

  expect_failures = [data.compliance_activity_summary.watched]
}

run "findings_without_enforcement" {
  command = plan

  variables {
    forbidden_activity_types = ["admin_api_key_created"]
    thresholds               = { sso_login_failed = 2 }
    enforce                  = false
  }

  assert {
    condition     = join(" ", output.findings[*].id) == "activity_03SignIn activity_01ByRobin activity_02ByAnthropic"
    error_message = "Other findings: ${jsonencode(output.findings)}"
  }
  assert {
    condition     = join(", ", output.findings[*].actor) == "(see the feed), user_01Robin, anthropic_actor"
    error_message = "Other actors: ${jsonencode(output.findings)}"
  }
}

run "exceptions" {
  command = plan

  variables {
    forbidden_activity_types = ["admin_api_key_created"]
    thresholds               = { sso_login_failed = 3 }
    allowed_actors           = ["user_01Robin", "anthropic_actor"]
    except                   = [{ "actor.ip_address" = ["192.0.2.0/24"] }]
    reviewed                 = { activity_01ByRobin = "the yearly rotation" }
    enforce                  = false
  }

  assert {
    condition = alltrue([for expected in [
      { "actor.ip_address" = ["192.0.2.0/24"] },
      { id = ["activity_01ByRobin"] },
      { type = ["admin_api_key_created"], "actor.service_account_id" = ["anthropic_actor", "user_01Robin"] },
    ] : strcontains(jsonencode(data.compliance_activity_summary.watched.except), jsonencode(expected))])
    error_message = "Other exceptions: ${jsonencode(data.compliance_activity_summary.watched.except)}"
  }
}

run "fixed_window" {
  command = plan

  variables {
    thresholds = { admin_api_key_created = 2, sso_login_failed = 3 }
    window     = { start = "2026-04-09T08:00:00Z" }
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
    reviewed                 = { activity_01 = " " }
    thresholds               = { sso_login_failed = -1 }
    max_listed               = 0
  }

  expect_failures = [var.forbidden_activity_types, var.allowed_actors, var.reviewed, var.thresholds, var.max_listed]
}

run "refuses_what_would_match_too_much" {
  command = plan

  variables {
    forbidden_activity_types = ["admin_api_key_created"]
    allowed_actors           = ["user_actor"]
    reviewed                 = { "activity_*" = "all fine" }
  }

  expect_failures = [var.allowed_actors, var.reviewed]
}
