mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "code_that_is_not_a_tar_gz_is_refused" {
  command = plan

  variables {
    package = {
      path          = "code.zip"
      sha256_base64 = "abc="
    }
  }

  expect_failures = [var.package]
}

run "group_name_with_underscore_is_refused" {
  command = plan

  variables {
    model_group = {
      key  = "reviews"
      name = "mlops_dev"
    }
  }

  expect_failures = [var.model_group]
}

run "group_key_with_capitals_is_refused" {
  command = plan

  variables {
    model_group = {
      key  = "Reviews"
      name = "mlops-dev-reviews"
    }
  }

  expect_failures = [var.model_group]
}
