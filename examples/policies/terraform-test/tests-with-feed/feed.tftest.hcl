run "closed" {
  command = plan

  expect_failures = [data.compliance_activity_summary.sign_in_settings]
}

run "open_once_it_is_reviewed" {
  command = plan

  variables {
    reviewed = { activity_02Off = "Planned." }
  }

  assert {
    condition     = data.compliance_activity_summary.sign_in_settings.excepted == 2 # and what was switched on
    error_message = "The feed was not read."
  }
}
