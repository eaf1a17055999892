mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  data_bucket_name = "mlops-test-data-123456789012-us-east-1"
  log_bucket_name  = "mlops-test-access-logs-123456789012-us-east-1"
}

run "every_bucket_has_its_rules" {
  assert {
    condition     = output.bucket_names == ["mlops-test-data-123456789012-us-east-1", "mlops-test-access-logs-123456789012-us-east-1"]
    error_message = "buckets: ${jsonencode(output.bucket_names)}"
  }
  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.logs.rule).expiration[0].days == 365
    error_message = "access logs stay for ever"
  }
}

run "the_lifecycle_is_the_documented_one" {
  assert {
    condition = {
      for rule in aws_s3_bucket_lifecycle_configuration.data.rule : rule.filter[0].prefix => try(rule.expiration[0].days, 0) if length(rule.expiration) > 0
      } == {
      "data/raw/"              = 30
      "artifacts/checkpoints/" = 7
      "inference/batch/input/" = 14
    }
    error_message = "what expires when"
  }
  assert {
    condition = {
      for rule in aws_s3_bucket_lifecycle_configuration.data.rule : rule.filter[0].prefix => [for move in rule.transition : "${move.storage_class} after ${move.days}"] if length(rule.transition) > 0
      } == {
      "inference/async/output/" = ["GLACIER after 30"]
      "logs/"                   = ["GLACIER after 90"]
    }
    error_message = "what moves to Glacier when"
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.data.rule : rule.noncurrent_version_expiration[0].noncurrent_days if rule.id == "housekeeping"] == [30]
    error_message = "old versions stay for ever"
  }
}

run "refuses_a_lifetime_of_no_days" {
  command = plan
  variables {
    lifecycle_days = { raw_expiration = 0 }
  }
  expect_failures = [var.lifecycle_days]
}
