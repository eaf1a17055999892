mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    region             = "us-east-1"
    account_id         = "123456789012"
    name_prefix        = "mlops-test"
    log_retention_days = 14
  }
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  kms_key_arn  = "arn:aws:kms:us-east-1:123456789012:key/3"
  bucket       = { name = "mlops-test-data", prefix = "logs/bedrock/" }
}

run "by_default_no_body_is_logged" {
  assert {
    condition     = aws_bedrock_model_invocation_logging_configuration.this.logging_config.text_data_delivery_enabled == false && aws_bedrock_model_invocation_logging_configuration.this.logging_config.image_data_delivery_enabled == false && aws_bedrock_model_invocation_logging_configuration.this.logging_config.embedding_data_delivery_enabled == false && aws_bedrock_model_invocation_logging_configuration.this.logging_config.video_data_delivery_enabled == false
    error_message = "Bodies must stay out of the log."
  }

  assert {
    condition     = aws_bedrock_model_invocation_logging_configuration.this.logging_config.cloudwatch_config.log_group_name == "/aws/bedrock/mlops-test/invocations" && aws_bedrock_model_invocation_logging_configuration.this.logging_config.cloudwatch_config.role_arn == aws_iam_role.this.arn
    error_message = "Calls must be logged to the group, under the role."
  }

  assert {
    condition     = aws_bedrock_model_invocation_logging_configuration.this.logging_config.cloudwatch_config.large_data_delivery_s3_config.bucket_name == "mlops-test-data" && aws_bedrock_model_invocation_logging_configuration.this.logging_config.cloudwatch_config.large_data_delivery_s3_config.key_prefix == "logs/bedrock"
    error_message = "Large bodies must go below the prefix; Bedrock adds the slash."
  }
}

run "each_kind_of_body_is_logged_on_request" {
  variables {
    bodies = { text = true, embeddings = true }
  }

  assert {
    condition     = aws_bedrock_model_invocation_logging_configuration.this.logging_config.text_data_delivery_enabled && aws_bedrock_model_invocation_logging_configuration.this.logging_config.embedding_data_delivery_enabled && !aws_bedrock_model_invocation_logging_configuration.this.logging_config.image_data_delivery_enabled
    error_message = "Exactly the given kinds of content must be logged."
  }
}

run "the_log_is_encrypted_and_ends" {
  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn && aws_cloudwatch_log_group.this.retention_in_days == 14
    error_message = "The group must have the key and the retention."
  }
}

run "bedrock_writes_for_this_account_and_this_stream_alone" {
  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.boundary_arn
    error_message = "The role must have the boundary."
  }

  assert {
    condition     = one(one(data.aws_iam_policy_document.assume.statement).principals).identifiers == toset(["bedrock.amazonaws.com"])
    error_message = "Only Bedrock may take the role."
  }

  assert {
    condition     = { for each in one(data.aws_iam_policy_document.assume.statement).condition : each.variable => "${each.test} ${join(",", each.values)}" } == { "aws:SourceAccount" = "StringEquals 123456789012", "aws:SourceArn" = "ArnLike arn:aws:bedrock:us-east-1:123456789012:*" }
    error_message = "Other accounts' logging must not use the role."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.this.statement).actions == toset(["logs:CreateLogStream", "logs:PutLogEvents"]) && one(data.aws_iam_policy_document.this.statement).resources == toset(["${aws_cloudwatch_log_group.this.arn}:log-stream:aws/bedrock/modelinvocations"])
    error_message = "The role may write Bedrock's stream of this group, and nothing else."
  }
}

run "a_key_that_is_none_is_refused" {
  command = plan

  variables {
    kms_key_arn = "alias/logs"
  }

  expect_failures = [var.kms_key_arn]
}

run "a_prefix_that_is_not_a_folder_is_refused" {
  command = plan

  variables {
    bucket = { name = "mlops-test-data", prefix = "/logs" }
  }

  expect_failures = [var.bucket]
}
