mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
  }
}

run "names_carry_account_and_region" {
  assert {
    condition     = aws_s3_bucket.data.bucket == "mlops-test-data-123456789012-us-east-1" && aws_s3_bucket.logs.bucket == "mlops-test-access-logs-123456789012-us-east-1"
    error_message = "Bucket names must contain account and region; got ${aws_s3_bucket.data.bucket}, ${aws_s3_bucket.logs.bucket}."
  }
  assert {
    condition     = !aws_s3_bucket.data.force_destroy
    error_message = "force_destroy must be false by default."
  }
  assert {
    condition     = output.data == { name = aws_s3_bucket.data.id, arn = aws_s3_bucket.data.arn } && output.logs == { name = aws_s3_bucket.logs.id, arn = aws_s3_bucket.logs.arn }
    error_message = "The outputs must be name and ARN of both buckets; got ${jsonencode([output.data, output.logs])}."
  }
}

run "both_buckets_are_private_and_versioned" {
  assert {
    condition = alltrue([
      for block in [aws_s3_bucket_public_access_block.data, aws_s3_bucket_public_access_block.logs] :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "public access is not blocked"
  }
  assert {
    condition     = aws_s3_bucket_versioning.data.versioning_configuration[0].status == "Enabled" && aws_s3_bucket_versioning.logs.versioning_configuration[0].status == "Enabled"
    error_message = "Both buckets must have versioning enabled; got ${aws_s3_bucket_versioning.data.versioning_configuration[0].status} and ${aws_s3_bucket_versioning.logs.versioning_configuration[0].status}."
  }
  assert {
    condition = alltrue([
      for controls in [aws_s3_bucket_ownership_controls.data, aws_s3_bucket_ownership_controls.logs] :
      one(controls.rule).object_ownership == "BucketOwnerEnforced"
    ])
    error_message = "access lists are not off"
  }
}

run "refuses_names_that_s3_does_not_take" {
  command = plan
  variables {
    context = {
      region      = "ap-southeast-2"
      account_id  = "123456789012"
      name_prefix = "a-very-long-project-name-staging"
    }
  }
  expect_failures = [var.context]
}
