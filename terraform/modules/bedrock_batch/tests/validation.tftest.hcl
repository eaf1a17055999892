mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  blueprint = {
    name       = "chat-batch"
    parameters = { max_tokens = 64 }
  }
}

run "refuses_a_name_that_is_none" {
  command = plan

  variables {
    blueprint = { name = "Chat" }
  }

  expect_failures = [var.blueprint]
}

run "refuses_an_unknown_format" {
  command = plan

  variables {
    blueprint = { name = "chat-batch", batch = { format = "xml" } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_a_delimiter_that_no_csv_has" {
  command = plan

  variables {
    blueprint = { name = "chat-batch", batch = { delimiter = ":" } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_more_records_than_a_job_takes" {
  command = plan

  variables {
    blueprint = { name = "chat-batch", batch = { records_per_file = 50001 } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_a_minimum_that_halves_would_miss" {
  command = plan

  variables {
    blueprint = { name = "chat-batch", batch = { minimum_records = 100, records_per_file = 150 } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_a_shorter_time_than_bedrock_has" {
  command = plan

  variables {
    blueprint = { name = "chat-batch", batch = { timeout_hours = 12 } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_half_of_the_prices" {
  command = plan

  variables {
    blueprint = { name = "chat-batch", batch = { prices = { usd_per_million_input_tokens = 0.06 } } }
  }

  expect_failures = [var.blueprint]
}

run "refuses_a_customized_model" {
  command = plan

  variables {
    model_id = "arn:aws:bedrock:us-east-1:123456789012:custom-model/x"
  }

  expect_failures = [var.model_id]
}

run "refuses_a_routes_prefix_that_ends_with_a_slash" {
  command = plan

  variables {
    routes_prefix = "/mlops/dev/routes/"
  }

  expect_failures = [var.routes_prefix]
}

run "a_limit_of_nothing_is_refused" {
  command = plan

  variables {
    blueprint = { name = "chat-batch", limits = { max_tokens = 0 } }
  }

  expect_failures = [var.blueprint]
}

run "a_column_of_an_unknown_type_is_refused" {
  command = plan

  variables {
    blueprint = { name = "chat-batch", batch = { column = "*", types = { age = "float" } } }
  }

  expect_failures = [var.blueprint]
}
