mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = { name_prefix = "mlops-test", region = "us-east-1", account_id = "123456789012" }
}

run "the_reviews_group_exists_by_default" {
  assert {
    condition     = output.group_names == { reviews = "mlops-test-reviews" }
    error_message = "The group reviews must be called mlops-test-reviews; got ${jsonencode(output.group_names)}."
  }
  assert {
    condition     = keys(output.group_arns) == ["reviews"]
    error_message = "group_arns must contain the group reviews only; got ${jsonencode(output.group_arns)}."
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
    error_message = "Every group must be called <name_prefix>-<key>; got ${jsonencode(output.group_names)}."
  }
}

run "another_description_keeps_the_group_and_its_versions" {
  variables {
    groups = { reviews = { description = "Said differently" } }
  }
  assert {
    condition     = aws_sagemaker_model_package_group.this["reviews"].model_package_group_description == "Sentiment of customer reviews"
    error_message = "the group is planned again"
  }
}

run "no_other_account_sees_the_groups_by_default" {
  command = plan
  assert {
    condition     = length(aws_sagemaker_model_package_group_policy.consumers) == 0
    error_message = "Without consumer_account_ids no group must be shared."
  }
}

run "consumers_deploy_and_change_nothing" {
  command = plan
  variables {
    consumer_account_ids = ["210987654321"]
  }
  assert {
    condition = jsondecode(aws_sagemaker_model_package_group_policy.consumers["reviews"].resource_policy).Statement == [
      {
        Sid       = "DescribeGroup"
        Effect    = "Allow"
        Principal = { AWS = ["arn:aws:iam::210987654321:root"] }
        Action    = ["sagemaker:DescribeModelPackageGroup", "sagemaker:ListModelPackages"]
        Resource  = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/mlops-test-reviews"
      },
      {
        Sid       = "DeployVersions"
        Effect    = "Allow"
        Principal = { AWS = ["arn:aws:iam::210987654321:root"] }
        Action    = ["sagemaker:CreateModel", "sagemaker:DescribeModelPackage"]
        Resource  = "arn:aws:sagemaker:us-east-1:123456789012:model-package/mlops-test-reviews/*"
      },
    ]
    error_message = "Consumers must be allowed to describe versions and create models only."
  }
}

run "refuses_this_account_as_a_consumer" {
  command = plan
  variables {
    consumer_account_ids = ["123456789012"]
  }
  expect_failures = [var.consumer_account_ids]
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
