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

  callback = {
    emails  = ["team@example.com"]
    webhook = true
    table   = { keep_days = 14 }
  }

  function = {
    arn  = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-chat-async-callback"
    name = "mlops-dev-chat-async-callback"
  }

  kms_key_arns = {
    messages = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
    data     = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
  }

  topic_arn = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
}

run "a_long_name_is_refused" {
  command = plan

  variables {
    blueprint_name = "a-name-of-twenty-four-ch"
  }

  expect_failures = [var.blueprint_name]
}

run "a_wrong_address_is_refused" {
  command = plan

  variables {
    callback = { emails = ["nobody"], webhook = true }
  }

  expect_failures = [var.callback]
}

run "a_callback_without_a_function_is_refused" {
  command = plan

  variables {
    function = null
  }

  expect_failures = [var.function]
}

run "a_function_that_nobody_needs_is_refused" {
  command = plan

  variables {
    callback = {}
  }

  expect_failures = [var.function]
}
