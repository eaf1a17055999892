mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context                = { region = "us-east-1", account_id = "123456789012", name_prefix = "mlops-test" }
  bucket_name            = "mlops-test-data"
  database_name          = "mlops_test_raw"
  boundary_arn           = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  bucket_policy_document = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  kms_key_arns           = { data = "arn:aws:kms:us-east-1:123456789012:key/1", logs = "arn:aws:kms:us-east-1:123456789012:key/3" }
}

run "records_arrive_as_parquet_under_raw_and_broken_ones_in_quarantine" {
  assert {
    condition     = startswith(aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].prefix, "data/raw/reviews/source=stream/day=") && startswith(aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].error_output_prefix, "data/quarantine/reviews/stream/")
    error_message = "Records must arrive below data/raw and rejected ones below data/quarantine; got ${aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].prefix}."
  }
  assert {
    condition     = length(aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].data_format_conversion_configuration[0].output_format_configuration[0].serializer[0].parquet_ser_de) == 1
    error_message = "Records must be written as Parquet; got ${jsonencode(aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].data_format_conversion_configuration)}."
  }
  assert {
    condition     = [for column in aws_glue_catalog_table.records.storage_descriptor[0].columns : "${column.name} ${column.type}"] == ["id string", "rating double", "text string"]
    error_message = "shape of a record"
  }
}

run "what_cannot_be_delivered_is_logged" {
  assert {
    condition     = [for log in aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].cloudwatch_logging_options : [log.enabled, log.log_group_name, log.log_stream_name]] == [[true, aws_cloudwatch_log_group.this.name, aws_cloudwatch_log_stream.this.name]]
    error_message = "Delivery errors must be logged to the module's log stream; got ${jsonencode(aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].cloudwatch_logging_options)}."
  }
}

run "everything_is_encrypted_with_the_platforms_keys" {
  assert {
    condition     = aws_kinesis_stream.this.encryption_type == "KMS" && aws_kinesis_stream.this.kms_key_id == var.kms_key_arns.data && aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].kms_key_arn == var.kms_key_arns.data && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arns.logs
    error_message = "Stream and objects must be encrypted with the data key, logs with the logs key; got ${aws_kinesis_stream.this.kms_key_id}, ${aws_kinesis_firehose_delivery_stream.this.extended_s3_configuration[0].kms_key_arn} and ${aws_cloudwatch_log_group.this.kms_key_id}."
  }
}

run "the_role_reads_its_stream_under_the_boundary" {
  assert {
    condition     = aws_iam_role.this.permissions_boundary == var.boundary_arn && !strcontains(aws_iam_role_policy.this.policy, "\"s3:") && !strcontains(aws_iam_role_policy.this.policy, "\"Resource\":\"*\"")
    error_message = "The role must have the boundary, no S3 action and no wildcard resource; got ${aws_iam_role_policy.this.policy}."
  }
}

run "shards_are_provisioned_only_on_request" {
  assert {
    condition     = aws_kinesis_stream.this.stream_mode_details[0].stream_mode == "ON_DEMAND"
    error_message = "Without shards the stream must be ON_DEMAND; got ${aws_kinesis_stream.this.stream_mode_details[0].stream_mode}."
  }
}

run "refuses_a_dataset_with_blanks" {
  command = plan
  variables {
    dataset = "my reviews"
  }
  expect_failures = [var.dataset]
}

run "refuses_half_a_shard" {
  command = plan
  variables {
    shards = 0.5
  }
  expect_failures = [var.shards]
}

run "refuses_less_than_a_day" {
  command = plan
  variables {
    retention_hours = 1
  }
  expect_failures = [var.retention_hours]
}

run "refuses_an_hour_of_buffering" {
  command = plan
  variables {
    buffering_seconds = 3600
  }
  expect_failures = [var.buffering_seconds]
}

run "refuses_records_without_columns" {
  command = plan
  variables {
    columns = []
  }
  expect_failures = [var.columns]
}
