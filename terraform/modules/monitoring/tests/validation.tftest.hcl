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

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/mock"
    }
  }
}

variables {
  context = {
    project            = "mlops"
    environment        = "dev"
    region             = "us-east-1"
    account_id         = "123456789012"
    name_prefix        = "mlops-dev"
    tags               = {}
    log_retention_days = 30
  }

  topic_arn = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"

  api = {
    name       = "mlops-dev-inference"
    stage_name = "v1"
  }

  router = {
    function_name  = "mlops-dev-model-router"
    log_group_name = "/aws/lambda/mlops-dev-model-router"
  }

  pipeline = {
    state_machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-dev-training"
    metric_namespace  = "mlops/models"
    metric_dimensions = { Environment = "dev", ModelPackageGroup = "mlops-dev-reviews" }
  }
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
