# No account is needed: the provider is mocked, and answers what AWS would compute.
mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = {
      json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/mock"
    }
  }

  mock_data "aws_sagemaker_prebuilt_ecr_image" {
    defaults = {
      registry_id   = "683313688378"
      registry_path = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    }
  }
}

variables {
  context = {
    project            = "mlops"
    environment        = "dev"
    region             = "us-east-1"
    account_id         = "123456789012"
    name_prefix        = "mlops-dev"
    tags               = {}
    log_retention_days = 30
  }

  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  bucket_name  = "mlops-dev-data-123456789012-us-east-1"

  package = {
    path          = "build/example.tar.gz"
    sha256_base64 = "0/1+aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abc="
  }

  model_group = {
    key  = "reviews"
    name = "mlops-dev-reviews"
  }

  kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"

  policy_documents = {
    training  = { bucket = "{\"training\":1}", execution = "{}" }
    candidate = { bucket = "{\"candidate\":1}" }
  }
}

run "code_that_is_no_tar_gz_is_refused" {
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
