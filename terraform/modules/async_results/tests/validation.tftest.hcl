mock_provider "aws" {
  source = "../../../tests/terraform/mocks"

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
}

run "a_long_name_is_refused" {
  command = plan

  variables {
    blueprint_name = "a-name-of-twenty-four-ch"
  }

  expect_failures = [var.blueprint_name]
}

run "a_wrong_address_is_refused" {
  command = plan

  variables {
    callback = { emails = ["no-address"], webhook = true }
  }

  expect_failures = [var.callback]
}

run "a_callback_without_a_function_is_refused" {
  command = plan

  variables {
    function = null
  }

  expect_failures = [var.function]
}

run "a_function_without_use_is_refused" {
  command = plan

  variables {
    callback = {}
  }

  expect_failures = [var.function]
}
