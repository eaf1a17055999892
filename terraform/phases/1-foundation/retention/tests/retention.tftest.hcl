mock_provider "aws" {
  source = "../../../../tests/terraform/mocks"
}

variables {
  context = {
    project            = "mlops"
    environment        = "test"
    region             = "us-east-1"
    account_id         = "123456789012"
    name_prefix        = "mlops-test"
    tags               = { project = "mlops", environment = "test", owner = "o", cost-center = "c", managed-by = "terraform", phase = "foundation" }
    log_retention_days = 30
  }
  buckets = {
    s3_buckets = { data = { name = "data-bucket" }, logs = { name = "log-bucket" } }
  }
}

run "both_buckets_have_rules" {
  command = plan
  assert {
    condition     = output.retention.s3_lifecycle.bucket_names == ["data-bucket", "log-bucket"]
    error_message = "Data bucket and log bucket must have lifecycle rules; got ${jsonencode(output.retention)}."
  }
}

run "refuses_an_account_of_the_wrong_form" {
  command = plan
  variables {
    context = {
      project            = "mlops"
      environment        = "test"
      region             = "us-east-1"
      account_id         = "12"
      name_prefix        = "mlops-test"
      tags               = { project = "mlops", environment = "test", owner = "o", cost-center = "c", managed-by = "terraform", phase = "foundation" }
      log_retention_days = 30
    }
  }
  expect_failures = [var.context]
}

run "refuses_missing_tags" {
  command = plan
  variables {
    context = {
      project            = "mlops"
      environment        = "test"
      region             = "us-east-1"
      account_id         = "123456789012"
      name_prefix        = "mlops-test"
      tags               = { project = "mlops" }
      log_retention_days = 30
    }
  }
  expect_failures = [var.context]
}
