run "closed_by_what_was_switched_off" {
  command = plan

  expect_failures = [data.compliance_activity_summary.sign_in_settings]
}

# That nothing is found means something only beside the other run.
run "open_for_what_was_switched_on" {
  command = plan

  variables {
    lookback = "4h"
  }

  assert {
    condition     = data.compliance_activity_summary.sign_in_settings.excepted == 1
    error_message = "The feed was not read."
  }
}
