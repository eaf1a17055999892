mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
  }
  bucket_name = "mlops-test-data"
  kms_key_arns = {
    data = "arn:aws:kms:us-east-1:123456789012:key/1"
    logs = "arn:aws:kms:us-east-1:123456789012:key/3"
  }
  boundary_arn     = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  policy_documents = { bucket = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  etl              = { script_path = "tests/fixture_etl.py", library_path = "tests/fixture_library.zip", transform_path = "tests/fixture_library.zip", spec_path = "tests/fixture_spec.json" }
}

run "three_databases_without_hyphens" {
  assert {
    condition     = output.database_names == { raw = "mlops_test_raw", processed = "mlops_test_processed", features = "mlops_test_features" }
    error_message = "Database names must have underscores instead of hyphens, one for each layer; got ${jsonencode(output.database_names)}."
  }
}

run "each_layer_has_a_crawler_that_finds_its_reviews_and_drops_nothing" {
  assert {
    condition = {
      for layer, crawler in aws_glue_crawler.reviews : layer => [crawler.database_name, crawler.s3_target[0].path]
      } == {
      raw       = ["mlops_test_raw", "s3://mlops-test-data/data/raw/reviews"]
      processed = ["mlops_test_processed", "s3://mlops-test-data/data/processed/reviews"]
      features  = ["mlops_test_features", "s3://mlops-test-data/data/features/reviews"]
    }
    error_message = "Each layer's crawler must read its own prefix into its own database; got ${jsonencode([for crawler in aws_glue_crawler.reviews : crawler.s3_target])}."
  }
  assert {
    condition     = alltrue([for crawler in aws_glue_crawler.reviews : crawler.schema_change_policy[0].delete_behavior == "LOG"])
    error_message = "expired raw data must not drop the table"
  }
  assert {
    condition     = alltrue([for crawler in aws_glue_crawler.reviews : jsondecode(crawler.configuration).Grouping == { TableGroupingPolicy = "CombineCompatibleSchemas", TableLevelConfiguration = 4 }])
    error_message = "partitions of different columns must stay in one table"
  }
  assert {
    condition     = output.table_names == { raw_reviews = "reviews" }
    error_message = "The raw layer's table must be called reviews; got ${jsonencode(output.table_names)}."
  }
}

run "script_and_libraries_are_stored_under_their_own_hashes" {
  assert {
    condition = output.code_keys == {
      script    = "artifacts/code/etl/${substr(filesha256("tests/fixture_etl.py"), 0, 16)}/etl.py"
      library   = "artifacts/code/etl/${substr(filesha256("tests/fixture_library.zip"), 0, 16)}/etl.zip"
      transform = "artifacts/code/etl/${substr(filesha256("tests/fixture_library.zip"), 0, 16)}/transform.zip"
    }
    error_message = "The keys of script and libraries must contain their hashes; got ${jsonencode(output.code_keys)}."
  }
  assert {
    condition     = aws_glue_job.reviews_etl.command[0].script_location == "s3://mlops-test-data/${output.code_keys.script}"
    error_message = "the job runs another script"
  }
  assert {
    condition     = alltrue([for object in aws_s3_object.code : object.kms_key_id == "arn:aws:kms:us-east-1:123456789012:key/1"])
    error_message = "code is not encrypted with the data key"
  }
}

run "the_job_is_spark_and_takes_everything_again" {
  assert {
    condition     = aws_glue_job.reviews_etl.command[0].name == "glueetl" && aws_glue_job.reviews_etl.glue_version == "5.0" && aws_glue_job.reviews_etl.worker_type == "G.1X" && aws_glue_job.reviews_etl.number_of_workers == 2
    error_message = "The job must be a Spark job of Glue 5.0 with two G.1X workers; got ${aws_glue_job.reviews_etl.command[0].name}, ${aws_glue_job.reviews_etl.glue_version}, ${aws_glue_job.reviews_etl.number_of_workers} ${aws_glue_job.reviews_etl.worker_type}."
  }
  assert {
    condition = aws_glue_job.reviews_etl.default_arguments == tomap({
      "--extra-py-files"                   = "s3://mlops-test-data/${output.code_keys.library},s3://mlops-test-data/${output.code_keys.transform}"
      "--job-bookmark-option"              = "job-bookmark-disable"
      "--enable-metrics"                   = "true"
      "--enable-observability-metrics"     = "true"
      "--enable-continuous-cloudwatch-log" = "true"
      "--bucket"                           = "mlops-test-data"
      "--bucket_owner"                     = "123456789012"
      "--spec"                             = output.spec_key
      "--run_id"                           = "manual"
    })
    error_message = "The job must start with the documented arguments; got ${jsonencode(aws_glue_job.reviews_etl.default_arguments)}."
  }
  assert {
    condition     = output.spec_key == "artifacts/code/etl/${substr(sha256(aws_s3_object.spec.content), 0, 16)}/spec.json" && aws_s3_object.spec.kms_key_id == "arn:aws:kms:us-east-1:123456789012:key/1"
    error_message = "The specification must be stored under its own hash, encrypted with the data key; got ${output.spec_key}."
  }
  assert {
    condition     = jsondecode(aws_s3_object.spec.content) == merge(jsondecode(file("tests/fixture_spec.json")), { max_quarantine_share = 0.05, split = { method = "group", seed = "reviews-v1", train = 0.7, validation = 0.15, test = 0.15 } })
    error_message = "The specification must be the file's with the environment's seed and limit; got ${aws_s3_object.spec.content}."
  }
  assert {
    condition     = aws_glue_job.reviews_etl.execution_property[0].max_concurrent_runs == 1 && aws_glue_job.reviews_etl.timeout == 30 && aws_glue_job.reviews_etl.max_retries == 0
    error_message = "The job must allow one concurrent run, since two would write the same objects."
  }
}

run "size_limit_and_bookmarks_come_from_the_caller" {
  command = plan
  variables {
    etl = {
      script_path          = "tests/fixture_etl.py"
      library_path         = "tests/fixture_library.zip"
      transform_path       = "tests/fixture_library.zip"
      spec_path            = "tests/fixture_spec.json"
      split_seed           = "other"
      worker_type          = "G.2X"
      workers              = 10
      timeout_minutes      = 240
      max_quarantine_share = 0
      bookmarks            = "enable"
    }
  }
  assert {
    condition     = aws_glue_job.reviews_etl.worker_type == "G.2X" && aws_glue_job.reviews_etl.number_of_workers == 10 && aws_glue_job.reviews_etl.timeout == 240
    error_message = "etl must set ten G.2X workers and 240 minutes; got ${aws_glue_job.reviews_etl.number_of_workers} ${aws_glue_job.reviews_etl.worker_type}, ${aws_glue_job.reviews_etl.timeout} minutes."
  }
  assert {
    condition     = aws_glue_job.reviews_etl.default_arguments["--job-bookmark-option"] == "job-bookmark-enable" && jsondecode(aws_s3_object.spec.content).max_quarantine_share == 0 && jsondecode(aws_s3_object.spec.content).split.seed == "other"
    error_message = "etl must enable bookmarks and set max_quarantine_share to 0 and the seed; got ${jsonencode(aws_glue_job.reviews_etl.default_arguments)} and ${aws_s3_object.spec.content}."
  }
}

run "everything_that_glue_writes_is_encrypted" {
  assert {
    condition     = aws_glue_job.reviews_etl.security_configuration == aws_glue_security_configuration.this.name && alltrue([for crawler in aws_glue_crawler.reviews : crawler.security_configuration == aws_glue_security_configuration.this.name])
    error_message = "job or crawler without security configuration"
  }
  assert {
    condition     = aws_glue_security_configuration.this.encryption_configuration[0].s3_encryption[0].kms_key_arn == "arn:aws:kms:us-east-1:123456789012:key/1" && aws_glue_security_configuration.this.encryption_configuration[0].cloudwatch_encryption[0].kms_key_arn == "arn:aws:kms:us-east-1:123456789012:key/3"
    error_message = "The security configuration must encrypt objects with the data key and logs with the logs key; got ${jsonencode(aws_glue_security_configuration.this.encryption_configuration)}."
  }
}

run "the_role_writes_its_own_databases_and_deletes_none" {
  assert {
    condition     = module.role.boundary_arn == "arn:aws:iam::123456789012:policy/mlops-test-boundary"
    error_message = "The role must have the permissions boundary; got ${module.role.boundary_arn}."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.glue.policy, "glue:Delete") && strcontains(aws_iam_role_policy.glue.policy, "database/mlops_test_*")
    error_message = "The role must write the databases mlops_test_* and delete nothing; got ${aws_iam_role_policy.glue.policy}."
  }
  assert {
    condition     = tomap({ for name, policy in module.role.policies : name => policy if name != "logs" }) == tomap(var.policy_documents)
    error_message = "The role must have the attached policy documents; got ${jsonencode(module.role.policies)}."
  }
}

run "the_rules_are_those_of_the_file_and_of_the_environment" {
  variables {
    extra_quality_rules = ["RowCount > 10000"]
  }
  assert {
    condition     = startswith(aws_glue_data_quality_ruleset.processed_reviews.ruleset, "Rules = [\n  RowCount > 0,\n  IsPrimaryKey \"review_id\",") && endswith(aws_glue_data_quality_ruleset.processed_reviews.ruleset, ",\n  RowCount > 10000\n]")
    error_message = "The ruleset must start with the rules of the file and end with extra_quality_rules; got ${aws_glue_data_quality_ruleset.processed_reviews.ruleset}."
  }
  assert {
    condition     = output.quality_ruleset_name == "mlops-test-processed-reviews" && length(aws_glue_data_quality_ruleset.processed_reviews.target_table) == 0
    error_message = "The ruleset must have no target table, which does not exist yet."
  }
}

run "refuses_a_rule_that_is_none" {
  command = plan
  variables {
    extra_quality_rules = ["rows must be many"]
  }
  expect_failures = [var.extra_quality_rules]
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    kms_key_arns = { data = "a", logs = "b" }
  }
  expect_failures = [var.kms_key_arns]
}

run "refuses_what_is_not_a_policy" {
  command = plan
  variables {
    boundary_arn = "boundary"
  }
  expect_failures = [var.boundary_arn]
}

run "refuses_a_worker_that_glue_does_not_have" {
  command = plan
  variables {
    etl = { script_path = "tests/fixture_etl.py", library_path = "tests/fixture_library.zip", transform_path = "tests/fixture_library.zip", spec_path = "tests/fixture_spec.json", worker_type = "Standard" }
  }
  expect_failures = [var.etl]
}

run "refuses_a_driver_without_an_executor" {
  command = plan
  variables {
    etl = { script_path = "tests/fixture_etl.py", library_path = "tests/fixture_library.zip", transform_path = "tests/fixture_library.zip", spec_path = "tests/fixture_spec.json", workers = 1 }
  }
  expect_failures = [var.etl]
}

run "refuses_a_job_without_time" {
  command = plan
  variables {
    etl = { script_path = "tests/fixture_etl.py", library_path = "tests/fixture_library.zip", transform_path = "tests/fixture_library.zip", spec_path = "tests/fixture_spec.json", timeout_minutes = 0 }
  }
  expect_failures = [var.etl]
}

run "refuses_a_limit_that_is_not_a_share" {
  command = plan
  variables {
    etl = { script_path = "tests/fixture_etl.py", library_path = "tests/fixture_library.zip", transform_path = "tests/fixture_library.zip", spec_path = "tests/fixture_spec.json", max_quarantine_share = 5 }
  }
  expect_failures = [var.etl]
}

run "refuses_bookmarks_that_are_neither_on_nor_off" {
  command = plan
  variables {
    etl = { script_path = "tests/fixture_etl.py", library_path = "tests/fixture_library.zip", transform_path = "tests/fixture_library.zip", spec_path = "tests/fixture_spec.json", bookmarks = "pause" }
  }
  expect_failures = [var.etl]
}

run "refuses_code_that_is_not_there" {
  command = plan
  variables {
    etl = { script_path = "tests/fixture_etl.py", library_path = "tests/nowhere.zip", transform_path = "tests/fixture_library.zip", spec_path = "tests/fixture_spec.json" }
  }
  expect_failures = [var.etl]
}
