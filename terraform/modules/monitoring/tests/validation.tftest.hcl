mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "unknown_kind_is_refused" {
  command = plan

  variables {
    blueprints = {
      reviews = { kind = "telepathy", source = "sagemaker", endpoint_name = "mlops-dev-reviews" }
      chat    = { kind = "realtime", source = "bedrock" }
    }
  }

  expect_failures = [var.blueprints]
}

run "unknown_source_is_refused" {
  command = plan

  variables {
    blueprints = {
      reviews = { kind = "realtime", source = "oracle", endpoint_name = "mlops-dev-reviews" }
      chat    = { kind = "realtime", source = "bedrock" }
    }
  }

  expect_failures = [var.blueprints]
}

run "latency_of_nothing_is_refused" {
  command = plan

  variables {
    thresholds = { latency_ms = 0 }
  }

  expect_failures = [var.thresholds]
}

run "error_rate_beyond_100_is_refused" {
  command = plan

  variables {
    thresholds = { error_rate_percent = 101 }
  }

  expect_failures = [var.thresholds]
}
