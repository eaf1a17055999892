mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    project     = "mlops"
    environment = "test"
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
    tags = {
      project     = "mlops"
      environment = "test"
      owner       = "ml-platform"
      cost-center = "ml-platform"
      managed-by  = "terraform"
      phase       = "data"
    }
    log_retention_days = 30
  }
  foundation = jsondecode(file("../1-foundation/example.outputs.json")).foundation
  packages = {
    etl_reviews = {
      path          = "tests/fixture_etl.py"
      sha256_base64 = filebase64sha256("tests/fixture_etl.py")
    }
    etl_library = {
      path          = "tests/fixture_etl.py"
      sha256_base64 = filebase64sha256("tests/fixture_etl.py")
    }
  }
}

run "publishes_what_the_example_promises" {
  assert {
    condition = {
      for module, values in output.data : module => keys(values)
      } == {
      for module, values in jsondecode(file("example.outputs.json")).data : module => keys(values)
    }
    error_message = "output and example.outputs.json differ: ${jsonencode({ for module, values in output.data : module => keys(values) })}"
  }
  assert {
    condition     = output.data.glue.job_name == "mlops-test-reviews-etl" && output.data.athena.workgroup_name == "mlops-test-analytics"
    error_message = "names"
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
      etl_reviews = {
        path          = "tests/fixture_etl.py"
        sha256_base64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      }
      etl_library = {
        path          = "tests/fixture_etl.py"
        sha256_base64 = filebase64sha256("tests/fixture_etl.py")
      }
    }
  }
  expect_failures = [var.packages]
}

run "refuses_an_account_that_is_no_account" {
  command = plan
  variables {
    context = {
      project     = "mlops"
      environment = "test"
      region      = "us-east-1"
      account_id  = "1"
      name_prefix = "mlops-test"
      tags = {
        project     = "mlops"
        environment = "test"
        owner       = "ml-platform"
        cost-center = "ml-platform"
        managed-by  = "terraform"
        phase       = "data"
      }
      log_retention_days = 30
    }
  }
  expect_failures = [var.context]
}

run "refuses_tags_that_are_incomplete" {
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
