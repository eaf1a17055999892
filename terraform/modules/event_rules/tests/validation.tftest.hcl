mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    kms_key_arn = "alias/aws/sns"
  }
  expect_failures = [var.kms_key_arn]
}

run "refuses_what_is_not_a_topic" {
  command = plan
  variables {
    topic_arn = "notifications"
  }
  expect_failures = [var.topic_arn]
}

run "refuses_other_choices_of_completions" {
  command = plan
  variables {
    completions = "some"
  }
  expect_failures = [var.completions]
}

run "refuses_what_is_not_a_state_machine" {
  command = plan
  variables {
    redeploy = {
      state_machine_arn = "arn:aws:lambda:us-east-1:123456789012:function:release"
      boundary_arn      = "arn:aws:iam::123456789012:policy/boundary"
    }
  }
  expect_failures = [var.redeploy]
}

run "refuses_to_try_for_more_than_a_day" {
  command = plan
  variables {
    delivery = { retry_minutes = 1441 }
  }
  expect_failures = [var.delivery]
}

run "refuses_more_attempts_than_eventbridge_makes" {
  command = plan
  variables {
    delivery = { retry_attempts = 186 }
  }
  expect_failures = [var.delivery]
}

run "refuses_to_keep_dead_letters_longer_than_sqs_does" {
  command = plan
  variables {
    delivery = { dead_letter_days = 15 }
  }
  expect_failures = [var.delivery]
}

run "refuses_half_a_day_of_archive" {
  command = plan
  variables {
    archive_days = 0.5
  }
  expect_failures = [var.archive_days]
}
