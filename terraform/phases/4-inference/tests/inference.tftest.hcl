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
      phase       = "inference"
    }
    log_retention_days = 30
  }
  foundation = jsondecode(file("../1-foundation/example.outputs.json")).foundation
  packages = {
    model_router = {
      path          = "phase.yaml"
      sha256_base64 = filebase64sha256("phase.yaml")
    }
    token_authorizer = {
      path          = "phase.yaml"
      sha256_base64 = filebase64sha256("phase.yaml")
    }
    job_api = {
      path          = "phase.yaml"
      sha256_base64 = filebase64sha256("phase.yaml")
    }
    batch_submitter = {
      path          = "phase.yaml"
      sha256_base64 = filebase64sha256("phase.yaml")
    }
  }
}

run "publishes_what_the_example_promises" {
  assert {
    condition = {
      for module, values in output.inference : module => try(keys(values), [])
      } == {
      for module, values in jsondecode(file("example.outputs.json")).inference : module => try(keys(values), [])
    }
    error_message = "output and example.outputs.json differ: ${jsonencode({ for module, values in output.inference : module => try(keys(values), []) })}"
  }

  assert {
    condition     = length(module.waf) == 0
    error_message = "Without the switch there is no web ACL."
  }

  assert {
    condition     = output.inference.routes_prefix == "/mlops/test/routes"
    error_message = "Blueprints write their records there."
  }

  assert {
    condition     = output.inference.lambda.router_name == "mlops-test-model-router"
    error_message = "The router must carry the prefix."
  }

  assert {
    condition     = output.inference.lambda.authorizer_name == "mlops-test-token-authorizer" && toset(keys(output.inference.api.keys)) == toset(["default", "smoke"]) && output.inference.api.keys["smoke"].blueprints == tolist(["smoke-tests-ask-for-no-blueprint"])
    error_message = "The authorizer must carry the prefix; without further keys there are the default one and that of the smoke tests."
  }
}

run "keys_and_authentication_methods_come_from_the_environment_file" {
  variables {
    inference = {
      auth          = { iam = true }
      api_keys      = { team-a = { blueprints = ["chat"] } }
      lambda_in_vpc = true
    }
  }

  assert {
    condition     = toset(keys(output.inference.api.keys)) == toset(["default", "smoke", "team-a"]) && output.inference.api.iam_door_policy_document != null
    error_message = "The API must have the keys and authentication methods of the environment file."
  }
}

run "the_web_acl_is_the_environments_switch" {
  variables {
    inference = {
      waf      = true
      throttle = { rate_per_second = 2, burst = 4 }
    }
  }

  override_resource {
    target = module.waf[0].aws_wafv2_web_acl.this
    values = {
      arn = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/mlops-test-inference/1"
    }
  }

  assert {
    condition     = module.waf[0].stage_arn == module.api.stage_arn && module.waf[0].log_group_name == "aws-waf-logs-mlops-test-inference"
    error_message = "It stands before the API's stage, and is named like the API."
  }

  assert {
    condition     = module.waf[0].requests_in_5_minutes == 600
    error_message = "The web ACL's limit per address must be the API's overall rate."
  }
}

run "the_router_reads_routes_of_its_environment" {
  command = plan

  assert {
    condition = { for statement in data.aws_iam_policy_document.router.statement : statement.sid => toset(statement.actions) } == {
      ReadRoutes      = toset(["ssm:GetParameter"])
      ListRoutes      = toset(["ssm:GetParametersByPath"])
      ApplyGuardrails = toset(["bedrock:ApplyGuardrail"])
    }
    error_message = "The router must have the attached permissions only; blueprints grant those on Bedrock models."
  }

  assert {
    condition = { for statement in data.aws_iam_policy_document.router.statement : statement.sid => [for arn in sort(statement.resources) : split(":123456789012:", arn)[1]] } == {
      ReadRoutes      = ["parameter/mlops/test/routes/*"]
      ListRoutes      = ["parameter/mlops/test/routes", "parameter/mlops/test/routes/*"]
      ApplyGuardrails = ["guardrail/*"]
    }
    error_message = "Nothing of another environment may be reached."
  }

  assert {
    condition = { for condition in flatten([for statement in data.aws_iam_policy_document.router.statement : statement.condition if statement.sid == "ApplyGuardrails"]) : condition.variable => [condition.test, join(",", condition.values)] } == {
      "aws:ResourceTag/project"     = ["StringEquals", "mlops"]
      "aws:ResourceTag/environment" = ["StringEquals", "test"]
    }
    error_message = "Guardrails of another project or environment may not be used."
  }
}

run "the_authorizer_reads_hashes_of_its_environment" {
  command = plan

  assert {
    condition     = data.aws_iam_policy_document.authorizer.statement[0].actions == toset(["ssm:GetParametersByPath"]) && data.aws_iam_policy_document.authorizer.statement[0].resources == toset([for end in ["", "/*"] : "arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/api-keys${end}"])
    error_message = "Keys of another environment are none of its business."
  }

  assert {
    condition     = { for one in data.aws_iam_policy_document.authorizer.statement[1].condition : one.variable => join(",", one.values) } == { "kms:ViaService" = "ssm.us-east-1.amazonaws.com", "kms:EncryptionContext:PARAMETER_ARN" = "arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/api-keys/*" }
    error_message = "It must decrypt hashes of keys and nothing else that is under the key."
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
      for name in ["model_router", "token_authorizer", "job_api", "batch_submitter"] : name => {
        path          = "phase.yaml"
        sha256_base64 = name == "job_api" ? "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" : filebase64sha256("phase.yaml")
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
        phase       = "inference"
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

run "calls_of_models_are_logged_only_on_request" {
  command = plan

  assert {
    condition     = length(module.bedrock_logging) == 0
    error_message = "Without the flag the account's logging must stay as it is."
  }
}

run "invocation_logs_go_below_their_prefix" {
  command = plan

  variables {
    bedrock = { invocation_logging = { enabled = true, bodies = { text = true } } }
  }

  assert {
    condition     = one(module.bedrock_logging).log_group_name == "/aws/bedrock/mlops-test/invocations"
    error_message = "The flag must bring the configuration."
  }
}

run "jobs_have_a_separate_function_with_only_its_own_permissions" {
  assert {
    condition     = { for each in data.aws_iam_policy_document.jobs.statement : each.sid => "${join(" ", sort(each.actions))} on ${join(" ", sort(each.resources))}" } == { InvokeSubmitter = "lambda:InvokeFunction on arn:aws:lambda:us-east-1:123456789012:function:mlops-test-batch-submitter", DecryptSecret = "kms:Decrypt on ${var.foundation.kms.data_key_arn}", EncryptRequests = "kms:Decrypt kms:GenerateDataKey on ${var.foundation.kms.logs_key_arn}", ReadRoutes = "ssm:GetParameter on ${local.routes_arn}/*", ReadSecret = "ssm:GetParameter on arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/secrets/job-ids", SendRequests = "sqs:SendMessage on arn:aws:sqs:us-east-1:123456789012:mlops-test-*-requests" }
    error_message = "The jobs function must only read records and its secret, send to queues and invoke the submitter."
  }

  assert {
    condition     = local.job_secret_name == "/mlops/test/secrets/job-ids"
    error_message = "The secret must have the name under which the orchestrator creates it."
  }

  assert {
    condition     = { for each in data.aws_iam_policy_document.jobs.statement : each.sid => { for one in each.condition : one.variable => join(",", one.values) } if length(each.condition) > 0 } == { DecryptSecret = { "kms:ViaService" = "ssm.us-east-1.amazonaws.com", "kms:EncryptionContext:PARAMETER_ARN" = "arn:aws:ssm:us-east-1:123456789012:parameter/mlops/test/secrets/job-ids" }, EncryptRequests = { "kms:ViaService" = "sqs.us-east-1.amazonaws.com" } }
    error_message = "The logs key must be used through SQS only, and the data key for the one secret."
  }

  assert {
    condition     = { for each in jsondecode(module.jobs_storage.policy_document).Statement : each.Sid => each.Resource if contains(["ReadObjects", "WriteObjects"], each.Sid) } == { ReadObjects = [for name in ["input", "output", "failures"] : "${var.foundation.s3.access.bucket_arn}/inference/async/${name}/*"], WriteObjects = ["${var.foundation.s3.access.bucket_arn}/inference/async/input/*"] }
    error_message = "The jobs function must write inputs and read results only."
  }
}
