mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context     = { name_prefix = "mlops-test", account_id = "123456789012" }
  bucket_name = "mlops-test-data"
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1"
}

run "results_are_encrypted_and_this_cannot_be_overridden" {
  assert {
    condition     = output.workgroup_name == "mlops-test-analytics"
    error_message = "The workgroup must be called mlops-test-analytics; got ${output.workgroup_name}."
  }
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].enforce_workgroup_configuration
    error_message = "the settings are not enforced"
  }
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].result_configuration[0].output_location == "s3://mlops-test-data/logs/athena/"
    error_message = "Query results must go to s3://mlops-test-data/logs/athena/; got ${aws_athena_workgroup.this.configuration[0].result_configuration[0].output_location}."
  }
  assert {
    condition     = one(aws_athena_workgroup.this.configuration[0].result_configuration[0].encryption_configuration).kms_key_arn == "arn:aws:kms:us-east-1:123456789012:key/1"
    error_message = "results are not encrypted with the given key"
  }
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].bytes_scanned_cutoff_per_query == 1073741824
    error_message = "the default limit is 1 GiB"
  }
  assert {
    condition     = aws_athena_workgroup.this.configuration[0].publish_cloudwatch_metrics_enabled
    error_message = "The workgroup must publish CloudWatch metrics."
  }
}

run "refuses_a_prefix_that_is_not_a_folder" {
  command = plan
  variables {
    results_prefix = "/results"
  }
  expect_failures = [var.results_prefix]
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    kms_key_arn = "1234"
  }
  expect_failures = [var.kms_key_arn]
}

run "refuses_a_limit_below_athenas_own" {
  command = plan
  variables {
    bytes_scanned_limit = 1000
  }
  expect_failures = [var.bytes_scanned_limit]
}
