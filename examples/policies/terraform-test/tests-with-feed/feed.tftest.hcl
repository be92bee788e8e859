# The same policies with the real provider, which reads a made-up feed whose content is known.
# ../with-feed.sh starts the feed, runs this, and ends the feed.

run "nothing_in_the_last_hour" {
  command = plan

  variables {
    lookback = "1h"
  }

  # That nothing was found is only worth something beside the other runs, which show that
  # the feed is read at all.
  assert {
    condition     = output.excepted == 0 && data.compliance_activity_summary.sign_ins.total == 0
    error_message = "There is something in the last hour."
  }
}

run "roles_granted_by_robin" {
  command = plan

  variables {
    lookback = "4h"
  }

  assert {
    condition     = output.excepted == 1
    error_message = "Robin granted one role, not ${output.excepted}."
  }
}

run "too_many_failed_sign_ins" {
  command = plan

  variables {
    lookback = "8h"
  }

  expect_failures = [check.sign_ins]
}

run "role_granted_by_kim_as_well" {
  command = plan

  variables {
    lookback = "24h"
  }

  expect_failures = [data.compliance_activity_summary.roles, check.sign_ins]
}
