mock_provider "aws" {
  source = "../../../tests/terraform/mocks"

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
}

run "a_long_name_is_refused" {
  command = plan

  variables {
    blueprint_name = "a-name-of-twenty-four-ch"
  }

  expect_failures = [var.blueprint_name]
}

run "a_single_worker_is_refused" {
  command = plan

  variables {
    limits = { timeout_seconds = 80, max_concurrency = 1 }
  }

  expect_failures = [var.limits]
}

run "no_attempt_is_refused" {
  command = plan

  variables {
    limits = { timeout_seconds = 80, max_attempts = 0 }
  }

  expect_failures = [var.limits]
}

run "more_time_than_a_function_has_is_refused" {
  command = plan

  variables {
    limits = { timeout_seconds = 901 }
  }

  expect_failures = [var.limits]
}

run "a_prefix_with_a_slash_at_its_end_is_refused" {
  command = plan

  variables {
    routes_prefix = "/mlops/dev/routes/"
  }

  expect_failures = [var.routes_prefix]
}
