mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
  }
  bucket_name                 = "mlops-test-data"
  boundary_arn                = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  database_name               = "mlops_test_features"
  security_configuration_name = "mlops-test-glue"
  kms_key_arn                 = "arn:aws:kms:us-east-1:123456789012:key/1"
  policy_documents = {
    store     = { bucket = "{\"Statement\":[\"store\"]}" }
    ingestion = { bucket = "{\"Statement\":[\"ingestion\"]}" }
  }
  dataset = {
    name              = "loyal-customers"
    record_identifier = "customer_id"
    features          = { customer_id = "Integral", spent = "Fractional", city = "String" }
  }
  online    = true
  ingestion = { script_path = "tests/fixture_ingest.py" }
}

run "both_stores_are_encrypted_with_the_data_key" {
  assert {
    condition     = aws_sagemaker_feature_group.reviews.offline_store_config[0].s3_storage_config[0].kms_key_id == "arn:aws:kms:us-east-1:123456789012:key/1"
    error_message = "The offline store must be encrypted with key/1; got ${aws_sagemaker_feature_group.reviews.offline_store_config[0].s3_storage_config[0].kms_key_id}."
  }
  assert {
    condition     = aws_sagemaker_feature_group.reviews.online_store_config[0].enable_online_store && aws_sagemaker_feature_group.reviews.online_store_config[0].security_config[0].kms_key_id == "arn:aws:kms:us-east-1:123456789012:key/1"
    error_message = "The online store must be enabled and encrypted with key/1; got ${jsonencode(aws_sagemaker_feature_group.reviews.online_store_config[0])}."
  }
  assert {
    condition     = aws_s3_object.script.kms_key_id == "arn:aws:kms:us-east-1:123456789012:key/1" && aws_glue_job.ingestion.security_configuration == "mlops-test-glue"
    error_message = "script and logs of the job"
  }
}

run "the_offline_store_is_in_the_data_bucket_under_a_table_of_the_features" {
  assert {
    condition     = aws_sagemaker_feature_group.reviews.offline_store_config[0].s3_storage_config[0].s3_uri == "s3://mlops-test-data/data/features/offline/"
    error_message = "place of the offline store"
  }
  assert {
    condition     = one(aws_sagemaker_feature_group.reviews.offline_store_config[0].data_catalog_config) == { catalog = "AwsDataCatalog", database = "mlops_test_features", table_name = "loyal_customers_offline" } && !aws_sagemaker_feature_group.reviews.offline_store_config[0].disable_glue_table_creation
    error_message = "table of the offline store"
  }
  assert {
    condition     = output.table == { database = "mlops_test_features", name = "loyal_customers_offline" }
    error_message = "The offline store must be the table loyal_customers_offline of mlops_test_features; got ${jsonencode(output.table)}."
  }
}

run "records_are_identified_as_the_dataset_says_and_written_by_the_role_of_the_store" {
  assert {
    condition     = aws_sagemaker_feature_group.reviews.record_identifier_feature_name == "customer_id" && aws_sagemaker_feature_group.reviews.event_time_feature_name == "event_time" && aws_sagemaker_feature_group.reviews.feature_group_name == "mlops-test-loyal-customers"
    error_message = "identifier and event time"
  }
  assert {
    condition     = { for feature in aws_sagemaker_feature_group.reviews.feature_definition : feature.feature_name => feature.feature_type } == { city = "String", customer_id = "Integral", event_time = "String", spent = "Fractional", split = "String" }
    error_message = "The feature group must have the documented features and types; got ${jsonencode({ for feature in aws_sagemaker_feature_group.reviews.feature_definition : feature.feature_name => feature.feature_type })}."
  }
  assert {
    condition     = aws_sagemaker_feature_group.reviews.role_arn == output.role_arns.store && aws_glue_job.ingestion.role_arn == output.role_arns.ingestion
    error_message = "Feature group and job must use their own roles."
  }
}

run "without_an_online_store_no_role_has_a_permission_for_it" {
  variables {
    online = false
  }
  assert {
    condition     = length(aws_sagemaker_feature_group.reviews.online_store_config) == 0 && !output.online
    error_message = "Without online there must be no online store, which costs extra."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.ingestion.policy).Statement : s.Sid] == ["WriteRecords", "WriteLogs", "ReadSecurityConfiguration"]
    error_message = "The job's role must have the three documented statements; got ${aws_iam_role_policy.ingestion.policy}."
  }
}

run "each_role_is_bounded_and_taken_by_its_service_in_this_account_alone" {
  assert {
    condition     = alltrue([for role in aws_iam_role.this : role.permissions_boundary == "arn:aws:iam::123456789012:policy/mlops-test-boundary"])
    error_message = "Both roles must have the permissions boundary; got ${jsonencode([for role in aws_iam_role.this : role.permissions_boundary])}."
  }
  assert {
    condition = { for name, role in aws_iam_role.this : role.name => jsondecode(role.assume_role_policy).Statement } == {
      for name, service in { "mlops-test-feature-store" = "sagemaker", "mlops-test-feature-ingestion" = "glue" } : name => [{
        Effect    = "Allow"
        Principal = { Service = "${service}.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" } }
      }]
    }
    error_message = "Each role must trust its own service, for account 123456789012 only; got ${jsonencode([for role in aws_iam_role.this : role.assume_role_policy])}."
  }
}

run "each_role_gets_the_policies_meant_for_it" {
  assert {
    condition     = { for key, policy in aws_iam_role_policy.attached : key => policy.policy } == { ingestion-bucket = "{\"Statement\":[\"ingestion\"]}", store-bucket = "{\"Statement\":[\"store\"]}" }
    error_message = "Attached policy documents must go to their own role."
  }
}

run "the_job_writes_records_of_this_group_alone" {
  assert {
    condition     = aws_iam_role_policy.ingestion.role == aws_iam_role.this["ingestion"].id && { for key, policy in aws_iam_role_policy.attached : key => policy.role } == { ingestion-bucket = aws_iam_role.this["ingestion"].id, store-bucket = aws_iam_role.this["store"].id }
    error_message = "Every policy must belong to its own role."
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.ingestion.policy).Statement == [
      {
        Sid      = "WriteRecords"
        Effect   = "Allow"
        Action   = ["sagemaker:BatchWriteRecord", "sagemaker:DeleteRecord", "sagemaker:DescribeFeatureGroup", "sagemaker:PutRecord"]
        Resource = ["arn:aws:sagemaker:us-east-1:123456789012:feature-group/mlops-test-loyal-customers"]
      },
      {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["arn:aws:logs:us-east-1:123456789012:log-group:/aws-glue/*"]
      },
      { Sid = "ReadSecurityConfiguration", Effect = "Allow", Action = ["glue:GetSecurityConfiguration"], Resource = ["*"] },
      {
        Sid       = "UseOnlineStore"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = ["arn:aws:kms:us-east-1:123456789012:key/1"]
        Condition = { StringEquals = { "kms:ViaService" = "sagemaker.us-east-1.amazonaws.com" } }
      },
    ]
    error_message = "The job role must write records of this feature group and its logs only; got ${aws_iam_role_policy.ingestion.policy}."
  }
}

run "the_job_is_small_runs_once_at_a_time_and_under_its_own_hash" {
  assert {
    condition     = aws_glue_job.ingestion.name == "mlops-test-feature-ingestion" && aws_glue_job.ingestion.glue_version == "3.0" && aws_glue_job.ingestion.max_capacity == 0.0625 && aws_glue_job.ingestion.timeout == 60 && aws_glue_job.ingestion.max_retries == 0 && aws_glue_job.ingestion.execution_property[0].max_concurrent_runs == 1
    error_message = "The job must be a Python shell job of 0.0625 DPU with 60 minutes, no retries and one run at a time; got ${jsonencode([aws_glue_job.ingestion.max_capacity, aws_glue_job.ingestion.timeout, aws_glue_job.ingestion.max_retries])}."
  }
  assert {
    condition     = aws_s3_object.script.key == "artifacts/code/features/${substr(filesha256("tests/fixture_ingest.py"), 0, 16)}/ingest.py" && aws_s3_object.script.source_hash == filesha256("tests/fixture_ingest.py")
    error_message = "The script's key must contain the script's hash; got ${aws_s3_object.script.key}."
  }
  assert {
    condition     = [for c in aws_glue_job.ingestion.command : [c.name, c.python_version, c.script_location]] == [["pythonshell", "3.9", "s3://mlops-test-data/${aws_s3_object.script.key}"]]
    error_message = "the job runs another script"
  }
  assert {
    condition = aws_glue_job.ingestion.default_arguments == tomap({
      "library-set"     = "analytics"
      "--bucket"        = "mlops-test-data"
      "--bucket_owner"  = "123456789012"
      "--feature_group" = "mlops-test-loyal-customers"
      "--dataset"       = "loyal-customers"
      "--run_id"        = "manual"
    })
    error_message = "The job must start with the documented arguments; got ${jsonencode(aws_glue_job.ingestion.default_arguments)}."
  }
}

run "refuses_a_key_that_is_none" {
  command = plan
  variables {
    kms_key_arn = "alias/aws/s3"
  }
  expect_failures = [var.kms_key_arn]
}

run "refuses_a_boundary_that_is_not_a_policy" {
  command = plan
  variables {
    boundary_arn = "boundary"
  }
  expect_failures = [var.boundary_arn]
}

run "refuses_a_database_with_hyphens" {
  command = plan
  variables {
    database_name = "mlops-test-features"
  }
  expect_failures = [var.database_name]
}

run "refuses_a_name_that_a_dataset_cannot_have" {
  command = plan
  variables {
    dataset = { name = "Customers", record_identifier = "id", features = { id = "String" } }
  }
  expect_failures = [var.dataset]
}

run "refuses_a_type_that_feature_store_does_not_have" {
  command = plan
  variables {
    dataset = { name = "customers", record_identifier = "id", features = { id = "bigint" } }
  }
  expect_failures = [var.dataset]
}

run "refuses_a_feature_of_feature_store_s_own" {
  command = plan
  variables {
    dataset = { name = "customers", record_identifier = "id", features = { id = "String", write_time = "String" } }
  }
  expect_failures = [var.dataset]
}

run "refuses_an_identifier_that_is_not_a_feature" {
  command = plan
  variables {
    dataset = { name = "customers", record_identifier = "key", features = { id = "String" } }
  }
  expect_failures = [var.dataset]
}

run "refuses_a_job_without_a_security_configuration" {
  command = plan
  variables {
    security_configuration_name = ""
  }
  expect_failures = [var.security_configuration_name]
}

run "refuses_a_size_that_python_shell_does_not_have" {
  command = plan
  variables {
    ingestion = { script_path = "tests/fixture_ingest.py", capacity = 2 }
  }
  expect_failures = [var.ingestion]
}

run "refuses_a_timeout_beyond_two_days" {
  command = plan
  variables {
    ingestion = { script_path = "tests/fixture_ingest.py", timeout_minutes = 2881 }
  }
  expect_failures = [var.ingestion]
}

run "refuses_a_script_that_is_not_there" {
  command = plan
  variables {
    ingestion = { script_path = "tests/nothing.py" }
  }
  expect_failures = [var.ingestion]
}
