mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "name_with_capitals_is_refused" {
  command = plan

  variables {
    function = {
      name        = "Answer"
      description = "Answers."
      handler     = "answer.handler.handler"
    }
  }

  expect_failures = [var.function]
}

run "name_beyond_64_characters_is_refused" {
  command = plan

  variables {
    function = {
      name        = "a-function-with-a-rather-long-na"
      description = "Answers."
      handler     = "answer.handler.handler"
    }

    context = {
      project            = "mlops"
      environment        = "dev"
      region             = "us-east-1"
      account_id         = "123456789012"
      name_prefix        = "a-very-long-project-name-of-a-customer"
      tags               = {}
      log_retention_days = 30
    }
  }

  expect_failures = [var.function]
}

run "handler_without_a_module_is_refused" {
  command = plan

  variables {
    function = {
      name        = "answer"
      description = "Answers."
      handler     = "handler"
    }
  }

  expect_failures = [var.function]
}

run "unknown_architecture_is_refused" {
  command = plan

  variables {
    function = {
      name         = "answer"
      description  = "Answers."
      handler      = "answer.handler.handler"
      architecture = "mips"
    }
  }

  expect_failures = [var.function]
}

run "too_little_memory_is_refused" {
  command = plan

  variables {
    function = {
      name        = "answer"
      description = "Answers."
      handler     = "answer.handler.handler"
      memory_mb   = 64
    }
  }

  expect_failures = [var.function]
}

run "timeout_beyond_15_minutes_is_refused" {
  command = plan

  variables {
    function = {
      name            = "answer"
      description     = "Answers."
      handler         = "answer.handler.handler"
      timeout_seconds = 901
    }
  }

  expect_failures = [var.function]
}

run "negative_reservation_is_refused" {
  command = plan

  variables {
    function = {
      name                 = "answer"
      description          = "Answers."
      handler              = "answer.handler.handler"
      reserved_concurrency = -2
    }
  }

  expect_failures = [var.function]
}

run "network_without_subnets_is_refused" {
  command = plan

  variables {
    network = {
      subnet_ids         = []
      security_group_ids = ["sg-0a"]
      policy_document    = "{}"
    }
  }

  expect_failures = [var.network]
}

run "three_retries_are_refused" {
  command = plan

  variables {
    asynchronous = {
      dead_letter_arn        = "arn:aws:sqs:us-east-1:123456789012:mlops-dev-dead-letters"
      maximum_retry_attempts = 3
    }
  }

  expect_failures = [var.asynchronous]
}

run "event_age_below_a_minute_is_refused" {
  command = plan

  variables {
    asynchronous = {
      dead_letter_arn           = "arn:aws:sqs:us-east-1:123456789012:mlops-dev-dead-letters"
      maximum_event_age_seconds = 59
    }
  }

  expect_failures = [var.asynchronous]
}

run "a_layer_that_is_not_a_version_is_refused" {
  command = plan

  variables {
    function = {
      name        = "model-router"
      description = "Answers"
      handler     = "answer.handler.handler"
      layers      = ["AWSSDKPandas-Python312-Arm64"]
    }
  }

  expect_failures = [var.function]
}
