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
      phase       = "models"
    }
    log_retention_days = 30
  }
  foundation = jsondecode(file("../1-foundation/example.outputs.json")).foundation
  data       = jsondecode(file("../2-data/example.outputs.json")).data
  packages = {
    data_validation = {
      path          = "phase.yaml"
      sha256_base64 = filebase64sha256("phase.yaml")
    }
    model_artifacts = {
      path          = "phase.yaml"
      sha256_base64 = filebase64sha256("phase.yaml")
    }
    endpoint_probe = {
      path          = "phase.yaml"
      sha256_base64 = filebase64sha256("phase.yaml")
    }
    training_source = {
      path          = "tests/fixture_source.tar.gz"
      sha256_base64 = filebase64sha256("tests/fixture_source.tar.gz")
    }
    evaluation = {
      path          = "tests/fixture_evaluation.zip"
      sha256_base64 = filebase64sha256("tests/fixture_evaluation.zip")
    }
  }
  training = { gate = { metric = "accuracy", threshold = 0.6, above_champion = 0 } }
}

run "publishes_what_the_example_promises" {
  assert {
    condition = {
      for module, values in output.models : module => try(keys(values), [])
      } == {
      for module, values in jsondecode(file("example.outputs.json")).models : module => try(keys(values), [])
    }
    error_message = "output and example.outputs.json differ: ${jsonencode({ for module, values in output.models : module => try(keys(values), []) })}"
  }

  assert {
    condition     = length(output.models.stepfunctions.steps) == 10
    error_message = "The pipeline has nine steps, and fills the feature group."
  }

  assert {
    condition     = output.models.sagemaker.live_parameter_name == "/mlops/test/models/reviews/live"
    error_message = "live_parameter_name must be the name that the orchestrator reads."
  }

  assert {
    condition     = alltrue([for function in module.lambda : startswith(function.name, "mlops-test-")])
    error_message = "Functions must carry the prefix."
  }
}

run "the_evaluation_program_is_stored_under_its_hash" {
  command = plan

  assert {
    condition     = output.models.sagemaker.evaluation_uri == "s3://${var.foundation.s3.bucket_name}/artifacts/code/evaluation/${substr(replace(filebase64sha256("tests/fixture_evaluation.zip"), "/[^A-Za-z0-9]/", ""), 0, 16)}/evaluation.zip" && aws_s3_object.evaluation.kms_key_id == var.foundation.kms.data_key_arn
    error_message = "The key must carry the hash of the program; got ${output.models.sagemaker.evaluation_uri}."
  }
}

run "without_a_feature_group_nothing_is_ingested" {
  command = plan

  variables {
    feature_store = { enabled = false }
  }

  assert {
    condition     = length(output.models.stepfunctions.steps) == 9
    error_message = "The pipeline has nine steps."
  }
}

run "only_the_probe_may_invoke_and_only_endpoints_of_the_environment" {
  command = plan

  assert {
    condition     = data.aws_iam_policy_document.probe_endpoints.statement[0].actions == toset(["sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointAsync"]) && one(data.aws_iam_policy_document.probe_endpoints.statement[0].resources) == "arn:aws:sagemaker:us-east-1:123456789012:endpoint/mlops-test-*"
    error_message = "The probe must reach the endpoints of this environment only."
  }

  assert {
    condition     = { for name, function in local.functions : name => function.environment } == { data_validation = {}, endpoint_probe = {}, model_artifacts = { BUCKET = var.foundation.s3.bucket_name, REGISTERED_PREFIX = "artifacts/models/registered/", KEY_ARN = var.foundation.kms.models_key_arn } }
    error_message = "Each function must get the environment variables that it reads; got ${jsonencode({ for name, function in local.functions : name => function.environment })}."
  }
  assert {
    condition     = { for name, function in local.functions : name => keys(function.policy_documents) } == { data_validation = ["bucket"], endpoint_probe = ["bucket", "probe-endpoints"], model_artifacts = ["bucket"] }
    error_message = "The other functions only read their prefixes."
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
      data_validation = {
        path          = "phase.yaml"
        sha256_base64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      }
      endpoint_probe = {
        path          = "phase.yaml"
        sha256_base64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      }
      training_source = {
        path          = "tests/fixture_source.tar.gz"
        sha256_base64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      }
    }
  }

  expect_failures = [var.packages]
}

run "refuses_an_account_that_is_not_an_account" {
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
        phase       = "models"
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
