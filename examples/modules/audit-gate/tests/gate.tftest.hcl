# Needs no API and no key: run `terraform test` or `tofu test` here, with Terraform 1.7 or
# OpenTofu 1.8. What the mock leaves out it makes up: a summary without activities.
mock_provider "compliance" {
  override_data {
    target = data.compliance_activity_summary.forbidden
    values = {
      total        = 2
      excepted     = 4
      by_type      = { admin_api_key_created = 2 }
      listing      = "  2026-04-10T07:00:00Z  admin_api_key_created  activity_01ByRobin  by user_01Robin"
      reviewed_ids = ["activity_01Old"]
      window       = { start = "2026-04-09T08:00:00Z", end = null }
    }
  }
  override_data {
    target = data.compliance_activity_summary.counted
    values = {
      total        = 3
      excepted     = 1
      by_type      = { sso_login_failed = 3 }
      listing      = "  3 activities  type sso_login_failed"
      reviewed_ids = []
      window       = { start = "2026-04-09T08:00:00Z", end = null }
    }
  }
}

run "open_at_a_threshold" {
  command = plan

  variables {
    thresholds = { sso_login_failed = 3 }
  }

  assert {
    condition     = output.excepted == 1 && output.by_type.sso_login_failed == 3
    error_message = "The outputs do not say what was counted."
  }
}

run "closed_by_a_forbidden_topic" {
  command = plan

  variables {
    forbidden_topics = ["credential_created"]
  }

  expect_failures = [data.compliance_activity_summary.forbidden]
}

run "closed_above_a_threshold" {
  command = plan

  variables {
    thresholds = { sso_login_failed = 2 }
  }

  expect_failures = [data.compliance_activity_summary.counted]
}

run "closed_by_another_type_than_was_asked_for" {
  command = plan

  variables {
    thresholds = { sso_login_faild = 30 }
  }

  expect_failures = [data.compliance_activity_summary.counted]
}

run "report_only" {
  command = plan

  variables {
    forbidden_activity_types = ["admin_api_key_created"]
    thresholds               = { sso_login_failed = 2 }
    enforce                  = false
  }

  assert {
    condition     = output.excepted == 5 && length(output.by_type) == 2 && join(" ", output.reviewed_ids) == "activity_01Old"
    error_message = "The outputs are not those of both reads."
  }
}

run "exceptions" {
  command = plan

  variables {
    forbidden_activity_types = ["admin_api_key_created"]
    allowed_actors           = ["user_01Robin", "anthropic_actor"]
    except                   = [{ "actor.ip_address" = ["192.0.2.0/24"] }]
    enforce                  = false
  }

  assert {
    condition = jsonencode(data.compliance_activity_summary.forbidden[0].except) == jsonencode([
      { "actor.ip_address" = ["192.0.2.0/24"] }, { "actor.type" = ["anthropic_actor"] }, { "actor.user_id" = ["user_01Robin"] },
    ])
    error_message = "Other exceptions: ${jsonencode(data.compliance_activity_summary.forbidden[0].except)}"
  }
}

run "refuses_what_could_never_match" {
  command = plan

  variables {
    forbidden_activity_types = ["org_sso_*"]
    forbidden_topics         = null
    allowed_actors           = ["robin@example.com", "user_actor", "external_01"]
    thresholds               = { sso_login_failed = -1 }
    window                   = { start = null }
  }

  expect_failures = [var.forbidden_activity_types, var.forbidden_topics, var.allowed_actors, var.thresholds, var.window]
}

run "refuses_null" {
  command = plan

  variables {
    forbidden_activity_types = null
    thresholds               = { sso_login_failed = 3 }
  }

  expect_failures = [var.forbidden_activity_types]
}
