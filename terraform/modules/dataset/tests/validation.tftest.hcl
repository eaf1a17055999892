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

run "a_key_is_an_arn" {
  command = plan
  variables {
    kms_key_arn = "alias/data"
  }
  expect_failures = [var.kms_key_arn]
}

run "a_boundary_is_an_arn" {
  command = plan
  variables {
    boundary_arn = "boundary"
  }
  expect_failures = [var.boundary_arn]
}

run "a_missing_file_is_refused" {
  command = plan
  variables {
    packages = { script = "tests/none.py", library = "tests/fixture_library.zip" }
  }
  expect_failures = [var.packages]
}

run "a_name_of_capitals_is_refused" {
  command = plan
  variables {
    dataset = {
      name          = "Heart"
      spec          = "{\"name\":\"Heart\"}"
      quality_rules = ["RowCount > 0"]
      etl           = {}
    }
  }
  expect_failures = [var.dataset]
}

run "a_dataset_without_rules_is_refused" {
  command = plan
  variables {
    dataset = {
      name          = "heart-rates"
      spec          = "{\"name\":\"heart-rates\"}"
      quality_rules = []
      etl           = {}
    }
  }
  expect_failures = [var.dataset]
}

run "a_rate_is_refused_as_a_schedule_of_glue" {
  command = plan
  variables {
    dataset = {
      name          = "heart-rates"
      spec          = "{\"name\":\"heart-rates\"}"
      quality_rules = ["RowCount > 0"]
      schedule      = "rate(1 day)"
      etl           = {}
    }
  }
  expect_failures = [var.dataset]
}

run "an_unknown_worker_type_is_refused" {
  command = plan
  variables {
    dataset = {
      name          = "heart-rates"
      spec          = "{\"name\":\"heart-rates\"}"
      quality_rules = ["RowCount > 0"]
      etl           = { worker_type = "Z.9X" }
    }
  }
  expect_failures = [var.dataset]
}

run "one_worker_is_too_few" {
  command = plan
  variables {
    dataset = {
      name          = "heart-rates"
      spec          = "{\"name\":\"heart-rates\"}"
      quality_rules = ["RowCount > 0"]
      etl           = { workers = 1 }
    }
  }
  expect_failures = [var.dataset]
}

run "a_run_takes_at_least_a_minute" {
  command = plan
  variables {
    dataset = {
      name          = "heart-rates"
      spec          = "{\"name\":\"heart-rates\"}"
      quality_rules = ["RowCount > 0"]
      etl           = { timeout_minutes = 0 }
    }
  }
  expect_failures = [var.dataset]
}

run "bookmarks_are_on_or_off" {
  command = plan
  variables {
    dataset = {
      name          = "heart-rates"
      spec          = "{\"name\":\"heart-rates\"}"
      quality_rules = ["RowCount > 0"]
      etl           = { bookmarks = "pause" }
    }
  }
  expect_failures = [var.dataset]
}
