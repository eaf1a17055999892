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
    tags               = { project = "mlops", environment = "test", owner = "o", cost-center = "c", managed-by = "terraform", phase = "data" }
    log_retention_days = 30
  }
  foundation = jsondecode(file("../../1-foundation/example.outputs.json")).foundation
  data       = jsondecode(file("../example.outputs.json")).data
  packages = {
    feature_ingestion = {
      path          = "tests/fixture_ingest.py"
      sha256_base64 = filebase64sha256("tests/fixture_ingest.py")
    }
    reviews_spec = {
      path          = "tests/fixture_spec.json"
      sha256_base64 = filebase64sha256("tests/fixture_spec.json")
    }
  }
}

run "there_is_an_offline_store_and_an_online_one_on_request" {
  assert {
    condition     = output.features.feature_store.feature_group_name == "mlops-test-reviews" && output.features.feature_store.online == false
    error_message = "The feature group must be mlops-test-reviews without an online store; got ${jsonencode(output.features)}."
  }
  assert {
    # The training pipeline refers to the job by this name, without depending on this stack.
    condition     = output.features.feature_store.job_name == "mlops-test-feature-ingestion"
    error_message = "The job must be called mlops-test-feature-ingestion; got ${jsonencode(output.features)}."
  }
}

run "the_features_are_the_columns_of_the_specification_and_of_its_folders" {
  command = plan
  assert {
    condition     = { for column in local.columns : column.name => local.feature_types[column.type] } == { review_id = "String", rating = "Fractional", seen = "String", source = "String" }
    error_message = "The features must be those of the specification; got ${jsonencode(local.columns)}."
  }
}

run "online_and_its_limits_reach_the_module" {
  command = plan
  variables {
    feature_store = { online = true, timeout_minutes = 5 }
  }
  assert {
    condition     = output.features.feature_store.online
    error_message = "feature_store.online must reach the feature group; got ${output.features.feature_store.online}."
  }
}

run "the_store_writes_offline_and_the_job_its_ledger_and_nothing_is_deleted" {
  assert {
    condition     = alltrue([for s in jsondecode(module.s3_access["store"].policy_document).Statement : s.Resource == ["${var.foundation.s3.access.bucket_arn}/data/features/offline/*"] if contains(["WriteObjects", "PutObjectAcls"], s.Sid)]) && join(" ", sort(jsondecode(module.s3_access["store"].policy_document).Statement[*].Sid)) == "EncryptObjects LocateBucket PutObjectAcls ReadBucketAcl WriteObjects"
    error_message = "The store's role must write data/features/offline and delete nothing; got ${module.s3_access["store"].policy_document}."
  }
  assert {
    condition = { for s in jsondecode(module.s3_access["ingestion"].policy_document).Statement : s.Sid => flatten([s.Resource]) if endswith(s.Sid, "Objects") && s.Sid != "EncryptObjects" } == {
      ReadObjects  = ["${var.foundation.s3.access.bucket_arn}/data/features/*", "${var.foundation.s3.access.bucket_arn}/artifacts/code/features/*"]
      WriteObjects = ["${var.foundation.s3.access.bucket_arn}/data/features/ingestion/*"]
    }
    error_message = "The job's role must read features and code, and write its own ledger; got ${module.s3_access["ingestion"].policy_document}."
  }
}

run "an_environment_can_do_without" {
  variables {
    feature_store = { enabled = false }
  }
  assert {
    condition     = length(module.feature_store) == 0 && output.features.feature_store.job_name == null
    error_message = "Without the flag there must be no feature store; got ${jsonencode(output.features)}."
  }
}

run "refuses_a_missing_package" {
  command = plan
  variables {
    packages = {}
  }
  expect_failures = [var.packages]
}

run "refuses_a_package_that_changed_since_it_was_built" {
  command = plan
  variables {
    packages = {
      feature_ingestion = {
        path          = "tests/fixture_ingest.py"
        sha256_base64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      }
      reviews_spec = {
        path          = "tests/fixture_spec.json"
        sha256_base64 = filebase64sha256("tests/fixture_spec.json")
      }
    }
  }
  expect_failures = [var.packages]
}

run "refuses_an_account_id_that_is_none" {
  command = plan
  variables {
    context = {
      project            = "mlops"
      environment        = "test"
      region             = "us-east-1"
      account_id         = "12345"
      name_prefix        = "mlops-test"
      tags               = { project = "mlops", environment = "test", owner = "o", cost-center = "c", managed-by = "terraform", phase = "data" }
      log_retention_days = 30
    }
  }
  expect_failures = [var.context]
}

run "refuses_tags_without_an_owner" {
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
