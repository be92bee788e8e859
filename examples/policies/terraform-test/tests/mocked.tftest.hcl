# `terraform test`, or `tofu test`, needs no key and no network.
mock_provider "compliance" {}

run "open" {
  command = plan

  override_data {
    target = data.compliance_activity_summary.sign_in_settings
    values = { total = 0, listing = "" }
  }
}

run "closed" {
  command = plan

  override_data {
    target = data.compliance_activity_summary.sign_in_settings
    values = { total = 1, listing = "  made up" }
  }

  expect_failures = [data.compliance_activity_summary.sign_in_settings]
}
