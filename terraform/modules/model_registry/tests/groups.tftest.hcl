mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = { name_prefix = "mlops-test" }
}

run "the_reviews_group_exists_by_default" {
  assert {
    condition     = output.group_names == { reviews = "mlops-test-reviews" }
    error_message = "groups: ${jsonencode(output.group_names)}"
  }
  assert {
    condition     = keys(output.group_arns) == ["reviews"]
    error_message = "ARNs: ${jsonencode(output.group_arns)}"
  }
}

run "further_groups_are_named_alike" {
  command = plan
  variables {
    groups = {
      reviews = { description = "Sentiment" }
      churn   = { description = "Who leaves" }
    }
  }
  assert {
    condition     = output.group_names == { reviews = "mlops-test-reviews", churn = "mlops-test-churn" }
    error_message = "groups: ${jsonencode(output.group_names)}"
  }
}

run "refuses_no_group_at_all" {
  command = plan
  variables {
    groups = {}
  }
  expect_failures = [var.groups]
}

run "refuses_a_name_that_sagemaker_does_not_take" {
  command = plan
  variables {
    groups = { my_group = { description = "underscore" } }
  }
  expect_failures = [var.groups]
}
