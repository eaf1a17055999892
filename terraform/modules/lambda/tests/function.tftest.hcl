mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

run "a_function_is_named_encrypted_traced_and_bounded" {
  assert {
    condition     = aws_lambda_function.this.function_name == "mlops-dev-answer"
    error_message = "The name must be <name_prefix>-<name>."
  }

  assert {
    condition     = aws_lambda_function.this.handler == "answer.handler.handler"
    error_message = "The handler must be the one that the caller names, got ${aws_lambda_function.this.handler}."
  }

  assert {
    condition     = output.invoke_arn == "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-answer/invocations"
    error_message = "invoke_arn must be known at plan time from the function's name, got ${output.invoke_arn}."
  }

  assert {
    condition     = aws_lambda_function.this.kms_key_arn == var.kms_key_arns.environment
    error_message = "Environment variables must be encrypted with the given key."
  }

  assert {
    condition     = one(aws_lambda_function.this.tracing_config).mode == "Active"
    error_message = "X-Ray must be on."
  }

  assert {
    condition     = aws_iam_role.function.permissions_boundary == var.boundary_arn
    error_message = "The role must have the boundary."
  }

  assert {
    condition     = aws_cloudwatch_log_group.function.name == "/aws/lambda/mlops-dev-answer" && aws_cloudwatch_log_group.function.kms_key_id == var.kms_key_arns.logs && aws_cloudwatch_log_group.function.retention_in_days == 30
    error_message = "The log group must exist before the function, with key and retention."
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables["ENVIRONMENT"] == "dev"
    error_message = "The function must have the environment's variables."
  }
}

run "lambda_takes_the_role_for_this_account_only" {
  assert {
    condition     = one(one(data.aws_iam_policy_document.assume.statement).condition).variable == "aws:SourceAccount"
    error_message = "The role must admit Lambda functions of this account only."
  }
}

run "without_switches_there_is_no_network_and_no_dead_letter_target" {
  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0 && length(aws_iam_role_policy.network) == 0
    error_message = "network = null must leave the function outside the VPC."
  }

  assert {
    condition     = length(aws_lambda_function.this.dead_letter_config) == 0 && length(aws_lambda_function_event_invoke_config.this) == 0
    error_message = "asynchronous = null must configure no dead letters."
  }

  assert {
    condition     = toset(data.aws_iam_policy_document.runtime.statement[*].sid) == toset(["WriteLogs", "ReadOwnEnvironment", "Trace"]) && one([for s in data.aws_iam_policy_document.runtime.statement : { for one in s.condition : one.variable => join(",", one.values) } if s.sid == "ReadOwnEnvironment"]) == { "kms:EncryptionContext:aws:lambda:FunctionArn" = "arn:aws:lambda:us-east-1:123456789012:function:${aws_lambda_function.this.function_name}" }
    error_message = "The role must only have permissions for logs, its key and traces."
  }
}

run "in_the_vpc_the_role_may_attach_to_it" {
  variables {
    network = {
      subnet_ids         = ["subnet-0a", "subnet-0b"]
      security_group_ids = ["sg-0a"]
      policy_document    = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
    }
  }

  assert {
    condition     = toset(one(aws_lambda_function.this.vpc_config).subnet_ids) == toset(["subnet-0a", "subnet-0b"])
    error_message = "The function must run in the given subnets."
  }

  assert {
    condition     = data.aws_iam_policy_document.network[0].source_policy_documents == tolist([var.network.policy_document]) && length(aws_iam_role_policy.network) == 1
    error_message = "The role must have the network's policy document."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.network[0].statement).effect == "Deny" && one(one(data.aws_iam_policy_document.network[0].statement).condition).variable == "lambda:SourceFunctionArn"
    error_message = "The function's own code must be denied the network permissions."
  }
}

run "an_event_function_keeps_what_it_could_not_handle" {
  variables {
    asynchronous = {
      dead_letter_arn = "arn:aws:sqs:us-east-1:123456789012:mlops-dev-dead-letters"
    }
  }

  assert {
    condition     = one(aws_lambda_function.this.dead_letter_config).target_arn == var.asynchronous.dead_letter_arn
    error_message = "Dead letters must go to the given queue."
  }

  assert {
    condition     = one([for s in data.aws_iam_policy_document.runtime.statement : one(s.actions) if s.sid == "SendToDeadLetters"]) == "sqs:SendMessage"
    error_message = "A queue is sent to with sqs:SendMessage."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.this[0].maximum_retry_attempts == 2
    error_message = "Lambda must retry twice."
  }
}

run "rights_of_the_caller_become_policies_of_the_role" {
  variables {
    policy_documents = { read = "{}" }
  }

  assert {
    condition     = aws_iam_role_policy.attached["read"].policy == "{}"
    error_message = "Documents must reach the role."
  }
}

run "the_zip_goes_through_the_bucket_under_its_hash" {
  assert {
    condition     = aws_lambda_function.this.s3_bucket == "mlops-dev-data-123456789012-us-east-1" && aws_lambda_function.this.s3_key == "artifacts/code/lambda/NVoHIXJMmwsr6o0P/answer.zip"
    error_message = "The zip must be in the data bucket under its hash; got ${aws_lambda_function.this.s3_bucket}/${aws_lambda_function.this.s3_key}."
  }
  assert {
    condition     = aws_s3_object.package.kms_key_id == "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111" && aws_lambda_function.this.source_code_hash == "NVoHIXJMmwsr6o0P/lUYMQUvCKOonOodnPqs6KEzCOs="
    error_message = "the object is not encrypted with the given key, or another zip would not be noticed"
  }
}

run "layers_are_those_requested" {
  variables {
    function = {
      name        = "answer"
      description = "Answers"
      handler     = "answer.handler.handler"
      layers      = ["arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python312-Arm64:18"]
    }
  }

  assert {
    condition     = aws_lambda_function.this.layers == tolist(["arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python312-Arm64:18"])
    error_message = "The function must find its libraries, and no others."
  }
}
