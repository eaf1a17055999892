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
  kms_key_arn                 = "arn:aws:kms:us-east-1:123456789012:key/1"
  boundary_arn                = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  security_configuration_name = "mlops-test-glue"
  database_names              = { raw = "mlops_test_raw", processed = "mlops_test_processed", features = "mlops_test_features" }
  policy_documents            = { bucket = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  dataset = {
    name          = "heart-rates"
    spec          = "{\"name\":\"heart-rates\"}"
    quality_rules = ["RowCount > 0", "IsComplete \"age\""]
    etl           = { workers = 4 }
  }
  packages = { script = "tests/fixture_etl.py", library = "tests/fixture_library.zip" }
}

run "each_layer_has_a_crawler_of_the_datasets_folder" {
  assert {
    condition = { for layer, crawler in aws_glue_crawler.layer : layer => [crawler.name, crawler.database_name, crawler.s3_target[0].path] } == {
      raw       = ["mlops-test-raw-heart-rates", "mlops_test_raw", "s3://mlops-test-data/data/raw/heart-rates"]
      processed = ["mlops-test-processed-heart-rates", "mlops_test_processed", "s3://mlops-test-data/data/processed/heart-rates"]
      features  = ["mlops-test-features-heart-rates", "mlops_test_features", "s3://mlops-test-data/data/features/heart-rates"]
    }
    error_message = "Each layer's crawler must read the dataset's folder into the layer's database; got ${jsonencode([for crawler in aws_glue_crawler.layer : crawler.s3_target])}."
  }
  assert {
    condition     = output.table_name == "heart_rates"
    error_message = "Crawlers replace hyphens in names of tables by underscores; got ${output.table_name}."
  }
}

run "the_job_runs_the_stored_code_by_the_stored_specification" {
  assert {
    condition     = aws_glue_job.etl.name == "mlops-test-heart-rates-etl" && aws_glue_job.etl.number_of_workers == 4 && aws_glue_job.etl.execution_property[0].max_concurrent_runs == 1
    error_message = "The job must be named after the dataset, have its size and never run twice at once; got ${aws_glue_job.etl.name}, ${aws_glue_job.etl.number_of_workers} workers."
  }
  assert {
    condition     = aws_glue_job.etl.default_arguments["--spec"] == "artifacts/code/datasets/heart-rates/${substr(sha256(var.dataset.spec), 0, 16)}/spec.json" && !contains(keys(aws_glue_job.etl.default_arguments), "--raw_bucket")
    error_message = "The job must get the key of its specification; got ${jsonencode(aws_glue_job.etl.default_arguments)}."
  }
  assert {
    condition     = aws_glue_job.etl.default_arguments["--extra-py-files"] == "s3://mlops-test-data/${output.code_keys.library}"
    error_message = "Without own code the library alone must be loaded; got ${aws_glue_job.etl.default_arguments["--extra-py-files"]}."
  }
  assert {
    condition     = aws_s3_object.spec.content == var.dataset.spec && alltrue([for object in concat([aws_s3_object.spec], values(aws_s3_object.code)) : object.kms_key_id == var.kms_key_arn])
    error_message = "Specification and code must be stored as given and encrypted with the data key."
  }
}

run "raw_files_may_be_in_the_bucket_of_another_account" {
  variables {
    dataset = {
      name          = "heart-rates"
      spec          = "{\"name\":\"heart-rates\"}"
      quality_rules = ["RowCount > 0"]
      raw           = { bucket = "hospital-exports", owner = "210987654321" }
      etl           = {}
    }
  }
  assert {
    condition     = { for name in ["--raw_bucket", "--raw_owner"] : name => aws_glue_job.etl.default_arguments[name] } == { "--raw_bucket" = "hospital-exports", "--raw_owner" = "210987654321" }
    error_message = "The job must get bucket and account of the raw files; got ${jsonencode(aws_glue_job.etl.default_arguments)}."
  }
}

run "own_code_is_loaded_after_the_library" {
  variables {
    packages = { script = "tests/fixture_etl.py", library = "tests/fixture_library.zip", transform = "tests/fixture_library.zip" }
  }
  assert {
    condition     = aws_glue_job.etl.default_arguments["--extra-py-files"] == "s3://mlops-test-data/${output.code_keys.library},s3://mlops-test-data/${output.code_keys.transform}"
    error_message = "The dataset's own code must be loaded after the library; got ${aws_glue_job.etl.default_arguments["--extra-py-files"]}."
  }
}

run "the_role_writes_the_tables_of_this_dataset_only" {
  assert {
    condition = [for statement in local.catalog_policy.Statement : statement.Resource if statement.Sid == "WriteTables"][0] == [
      "arn:aws:glue:us-east-1:123456789012:catalog",
      "arn:aws:glue:us-east-1:123456789012:database/mlops_test_features",
      "arn:aws:glue:us-east-1:123456789012:database/mlops_test_processed",
      "arn:aws:glue:us-east-1:123456789012:database/mlops_test_raw",
      "arn:aws:glue:us-east-1:123456789012:table/mlops_test_features/heart_rates",
      "arn:aws:glue:us-east-1:123456789012:table/mlops_test_processed/heart_rates",
      "arn:aws:glue:us-east-1:123456789012:table/mlops_test_raw/heart_rates",
    ]
    error_message = "The role must write no table of another dataset; got ${jsonencode([for statement in local.catalog_policy.Statement : statement.Resource if statement.Sid == "WriteTables"])}."
  }
}

run "the_rules_are_those_of_the_dataset" {
  assert {
    condition     = aws_glue_data_quality_ruleset.processed.ruleset == "Rules = [\n  RowCount > 0,\n  IsComplete \"age\"\n]"
    error_message = "The ruleset must have the dataset's rules in order; got ${aws_glue_data_quality_ruleset.processed.ruleset}."
  }
}

run "a_schedule_starts_the_job" {
  variables {
    dataset = {
      name          = "heart-rates"
      spec          = "{\"name\":\"heart-rates\"}"
      quality_rules = ["RowCount > 0"]
      schedule      = "cron(0 2 * * ? *)"
      etl           = {}
    }
  }
  assert {
    condition     = one(aws_glue_trigger.schedule[*].schedule) == "cron(0 2 * * ? *)" && one(aws_glue_trigger.schedule[*].actions[0].job_name) == aws_glue_job.etl.name
    error_message = "The trigger must start the dataset's job by the schedule."
  }
}

run "a_specification_of_another_dataset_is_refused" {
  command = plan
  variables {
    dataset = {
      name          = "heart-rates"
      spec          = "{\"name\":\"other\"}"
      quality_rules = ["RowCount > 0"]
      etl           = {}
    }
  }
  expect_failures = [var.dataset]
}
