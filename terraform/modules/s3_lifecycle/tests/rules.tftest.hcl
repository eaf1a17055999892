mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  data_bucket_name = "mlops-test-data-123456789012-us-east-1"
  log_bucket_name  = "mlops-test-access-logs-123456789012-us-east-1"
}

run "every_bucket_has_its_rules" {
  assert {
    condition     = alltrue([for rule in concat(tolist(aws_s3_bucket_lifecycle_configuration.data.rule), tolist(aws_s3_bucket_lifecycle_configuration.logs.rule)) : rule.filter[0].prefix == "" if contains(["delete-markers", "housekeeping"], rule.id)])
    error_message = "Clean-up rules must apply to the whole bucket."
  }
  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.logs.rule).noncurrent_version_expiration[0].noncurrent_days == 30
    error_message = "old versions of access logs stay for ever"
  }
  assert {
    condition     = output.bucket_names == ["mlops-test-data-123456789012-us-east-1", "mlops-test-access-logs-123456789012-us-east-1"]
    error_message = "Both buckets must have lifecycle rules; got ${jsonencode(output.bucket_names)}."
  }
  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.logs.rule).expiration[0].days == 365
    error_message = "access logs stay for ever"
  }
}

run "the_lifecycle_is_the_documented_one" {
  assert {
    condition = {
      for rule in aws_s3_bucket_lifecycle_configuration.data.rule : rule.filter[0].prefix => rule.expiration[0].days if length(rule.expiration) > 0 && rule.id != "delete-markers"
      } == {
      "data/raw/"              = 30
      "artifacts/checkpoints/" = 7
      "inference/batch/input/" = 14
    }
    error_message = "Objects must expire after the documented number of days; got ${jsonencode({ for rule in aws_s3_bucket_lifecycle_configuration.data.rule : rule.id => rule.expiration })}."
  }
  assert {
    condition = {
      for rule in aws_s3_bucket_lifecycle_configuration.data.rule : rule.filter[0].prefix => [for move in rule.transition : "${move.storage_class} after ${move.days}"] if length(rule.transition) > 0
      } == {
      "inference/async/output/" = ["GLACIER after 30"]
      "logs/"                   = ["GLACIER after 90"]
    }
    error_message = "Objects must move to Glacier after the documented number of days."
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.data.rule : rule.noncurrent_version_expiration[0].noncurrent_days if rule.id == "housekeeping"] == [30]
    error_message = "old versions stay for ever"
  }
  assert {
    condition     = [for rule in concat(tolist(aws_s3_bucket_lifecycle_configuration.data.rule), tolist(aws_s3_bucket_lifecycle_configuration.logs.rule)) : rule.abort_incomplete_multipart_upload[0].days_after_initiation if rule.id == "housekeeping"] == [7, 7]
    error_message = "uploads that were never finished cost money for ever"
  }
  assert {
    condition     = [for rule in aws_s3_bucket_lifecycle_configuration.data.rule : rule.expiration[0].expired_object_delete_marker if rule.id == "delete-markers"] == [true]
    error_message = "delete markers stay for ever"
  }
  assert {
    condition     = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.data.rule : rule.status == "Enabled"])
    error_message = "a rule is switched off"
  }
}

run "every_number_is_tunable" {
  command = plan
  variables {
    lifecycle_days = {
      raw_expiration = 1, checkpoint_expiration = 2, batch_input_expiration = 3, async_output_glacier = 4
      log_glacier    = 5, noncurrent_expiration = 6, abort_multipart = 7, access_log_expiration = 8
    }
  }
  assert {
    condition = flatten([
      [for rule in aws_s3_bucket_lifecycle_configuration.data.rule : rule.expiration[0].days if length(rule.expiration) > 0 && rule.id != "delete-markers"],
      [for rule in aws_s3_bucket_lifecycle_configuration.data.rule : [for move in rule.transition : move.days]],
      [for rule in aws_s3_bucket_lifecycle_configuration.data.rule : [rule.noncurrent_version_expiration[0].noncurrent_days, rule.abort_incomplete_multipart_upload[0].days_after_initiation] if rule.id == "housekeeping"],
      [for rule in aws_s3_bucket_lifecycle_configuration.logs.rule : rule.expiration[0].days],
    ]) == [3, 2, 1, 4, 5, 6, 7, 8]
    error_message = "a number did not reach its rule"
  }
}

run "refuses_a_lifetime_of_no_days" {
  command = plan
  variables {
    lifecycle_days = { raw_expiration = 0 }
  }
  expect_failures = [var.lifecycle_days]
}
