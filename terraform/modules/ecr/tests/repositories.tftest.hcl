mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context     = { name_prefix = "mlops-test" }
  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/2"
}

run "repositories_are_immutable_scanned_and_encrypted" {
  assert {
    condition     = { for name, repository in aws_ecr_repository.this : name => repository.name } == { training = "mlops-test/training", inference = "mlops-test/inference" }
    error_message = "The repositories must be mlops-test/training and mlops-test/inference; got ${jsonencode([for repository in aws_ecr_repository.this : repository.name])}."
  }
  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE" && repository.image_scanning_configuration[0].scan_on_push])
    error_message = "tags must be immutable and pushes scanned"
  }
  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.encryption_configuration[0].kms_key == "arn:aws:kms:us-east-1:123456789012:key/2"])
    error_message = "images are not encrypted with the given key"
  }
  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.force_delete])
    error_message = "an unprotected environment must be able to go"
  }
}

run "old_images_expire" {
  variables {
    repositories = { training = { keep_images = 5 } }
  }
  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this["training"].policy).rules[1].selection.countNumber == 5
    error_message = "keep_images did not reach the policy"
  }
  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this["training"].policy).rules[0].selection.tagStatus == "untagged"
    error_message = "untagged images must expire first"
  }
  assert {
    condition     = jsondecode(aws_ecr_lifecycle_policy.this["training"].policy).rules[0].selection.countNumber == var.repositories.training.untagged_after_days
    error_message = "Untagged images must expire after untagged_after_days."
  }
}

run "a_protected_environment_keeps_its_images" {
  command = plan
  variables {
    context = { name_prefix = "mlops-prod", protected = true }
  }
  assert {
    condition     = !anytrue([for repository in aws_ecr_repository.this : repository.force_delete])
    error_message = "force_delete in a protected environment"
  }
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    kms_key_arn = "alias/aws/ecr"
  }
  expect_failures = [var.kms_key_arn]
}

run "no_other_account_pulls_by_default" {
  command = plan
  assert {
    condition     = length(aws_ecr_repository_policy.pull) == 0
    error_message = "Without pull_account_ids no repository must be shared."
  }
}

run "other_accounts_pull_and_do_nothing_else" {
  command = plan
  variables {
    pull_account_ids = ["210987654321"]
  }
  assert {
    condition     = keys(aws_ecr_repository_policy.pull) == ["inference", "training"]
    error_message = "Every repository must have a pull policy; got ${jsonencode(keys(aws_ecr_repository_policy.pull))}."
  }
  assert {
    condition = jsondecode(aws_ecr_repository_policy.pull["training"].policy).Statement == [{
      Sid       = "PullFromOtherAccounts"
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::210987654321:root"] }
      Action    = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    }]
    error_message = "Other accounts must be allowed to pull images and nothing else; got ${aws_ecr_repository_policy.pull["training"].policy}."
  }
}

run "refuses_to_share_with_what_is_not_an_account" {
  command = plan
  variables {
    pull_account_ids = ["*"]
  }
  expect_failures = [var.pull_account_ids]
}

run "refuses_to_keep_no_image" {
  command = plan
  variables {
    repositories = { training = { keep_images = 0 } }
  }
  expect_failures = [var.repositories]
}

run "refuses_a_name_that_ecr_does_not_take" {
  command = plan
  variables {
    repositories = { Training = {} }
  }
  expect_failures = [var.repositories]
}
