# The policies without an API: `terraform test`, or `tofu test`, needs no key and no network.
#
# What a mock leaves out is made up: zeros, empty lists and maps, names of eight random letters. A
# policy passes on that, so give each data source that it looks at an override, in every run.
mock_provider "compliance" {}

run "quiet" {
  command = plan

  override_data {
    target = data.compliance_activity_summary.roles
    values = { total = 0, excepted = 1, newest = [] }
  }
  override_data {
    target = data.compliance_activity_summary.sign_ins
    values = { total = 2 }
  }

  assert {
    condition     = output.excepted == 1
    error_message = "Something was made up."
  }
}

run "too_many_failed_sign_ins" {
  command = plan

  override_data {
    target = data.compliance_activity_summary.roles
    values = { total = 0, excepted = 0, newest = [] }
  }
  override_data {
    target = data.compliance_activity_summary.sign_ins
    values = { total = 3 }
  }

  expect_failures = [check.sign_ins]
}

run "role_granted_by_kim" {
  command = plan

  # No variables and no functions can be used here, and OpenTofu wants every attribute of an object.
  override_data {
    target = data.compliance_activity_summary.roles
    values = {
      total    = 1
      excepted = 0
      newest = [
        {
          id              = "activity_02ByKim"
          created_at      = "2026-04-10T07:00:00Z"
          type            = "rbac_role_assigned"
          organization_id = "org_01Example"
          actor_type      = "user_actor"
          actor_id        = "user_01Kim"
        },
      ]
    }
  }
  override_data {
    target = data.compliance_activity_summary.sign_ins
    values = { total = 0 }
  }

  expect_failures = [data.compliance_activity_summary.roles]
}
