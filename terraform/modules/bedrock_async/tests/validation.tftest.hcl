# No account is needed: the provider is mocked, and answers what AWS would compute.
mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
}

variables {
  context = {
    project     = "mlops"
    environment = "dev"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  blueprint_name = "chat-async"

  worker = {
    arn       = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-chat-async-worker"
    role_name = "mlops-dev-chat-async-worker"
  }

  limits = {
    timeout_seconds = 80
    max_concurrency = 10
  }

  topic_arns = {
    success = "arn:aws:sns:us-east-1:123456789012:mlops-dev-chat-async-completed"
    error   = "arn:aws:sns:us-east-1:123456789012:mlops-dev-chat-async-failed"
  }

  kms_key_arn   = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  topic_arn     = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
  routes_prefix = "/mlops/dev/routes"
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
