mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    project     = "mlops"
    environment = "test"
    region      = "eu-west-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
  }
}

run "three_keys_rotate_and_have_an_alias" {
  assert {
    condition     = toset(keys(output.key_arns)) == toset(["data", "models", "logs"])
    error_message = "There must be the keys data, models and logs; got ${jsonencode(keys(output.key_arns))}."
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.enable_key_rotation && key.rotation_period_in_days == 365 && key.deletion_window_in_days == 30])
    error_message = "every key rotates yearly and can be recovered for 30 days"
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : !key.multi_region])
    error_message = "Keys must not be multi-region by default."
  }
  assert {
    condition     = aws_kms_alias.this["models"].name == "alias/mlops-test-models"
    error_message = "The alias of models must be alias/mlops-test-models; got ${aws_kms_alias.this["models"].name}."
  }
}

run "a_policy_grants_no_whole_service_and_names_no_role" {
  assert {
    condition     = alltrue([for key in aws_kms_key.this : !strcontains(key.policy, "\"kms:*\"") && !strcontains(key.policy, ":role/")])
    error_message = "a key policy allows kms:* or names a role"
  }
  assert {
    condition = alltrue([
      for key in aws_kms_key.this : alltrue([
        for statement in jsondecode(key.policy).Statement : can(statement.Condition) || statement.Sid == "AdministerFromThisAccount"
      ])
    ])
    error_message = "only administration may be without a condition"
  }
  assert {
    condition     = !contains(jsondecode(aws_kms_key.this["data"].policy).Statement[0].Action, "kms:Decrypt")
    error_message = "administrators must not read with the key"
  }
}

run "use_is_limited_to_services_or_to_roles_of_the_environment" {
  assert {
    condition     = jsondecode(aws_kms_key.this["data"].policy).Statement[1].Condition.StringEquals["kms:ViaService"] == ["s3.eu-west-1.amazonaws.com", "glue.eu-west-1.amazonaws.com", "athena.eu-west-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com", "ssm.eu-west-1.amazonaws.com", "bedrock.eu-west-1.amazonaws.com"]
    error_message = "services of the data key"
  }
  assert {
    condition     = jsondecode(aws_kms_key.this["data"].policy).Statement[2].Condition.StringEquals["aws:PrincipalTag/environment"] == "test"
    error_message = "roles of another environment could use the key"
  }
}

run "only_the_logs_key_admits_services_under_their_own_name" {
  assert {
    condition = {
      for name, key in aws_kms_key.this : name => length([for statement in jsondecode(key.policy).Statement : statement if can(statement.Principal.Service)])
    } == { data = 0, models = 0, logs = 5 }
    error_message = "service principals per key"
  }
  assert {
    condition = alltrue([
      for each in jsondecode(aws_kms_key.this["logs"].policy).Statement : !strcontains(jsonencode(each.Condition), "aws:Source")
      if each.Sid == "DeliverEventsToTopics" || each.Sid == "DeliverToQueues"
    ])
    error_message = "EventBridge carries no source to a topic: its messages would be dropped"
  }
  assert {
    condition = {
      for each in jsondecode(aws_kms_key.this["logs"].policy).Statement : each.Sid => [for operator in values(each.Condition) : keys(operator)] if can(each.Principal.Service)
      } == {
      EncryptLogGroups      = [["kms:EncryptionContext:aws:logs:arn"]]
      NotifyOfAlarms        = [["aws:SourceArn"], ["aws:SourceAccount"]]
      DeliverEventsToTopics = [["kms:EncryptionContext:aws:sns:topicArn"]]
      DeliverToQueues       = [["kms:EncryptionContext:aws:sqs:arn"]]
      EncryptBuses          = [["aws:SourceAccount"]]
    }
    error_message = "Every service principal must have its documented condition."
  }
  assert {
    condition     = strcontains(aws_kms_key.this["logs"].policy, "logs.eu-west-1.amazonaws.com") && strcontains(aws_kms_key.this["logs"].policy, "events.amazonaws.com") && strcontains(aws_kms_key.this["logs"].policy, "cloudwatch.amazonaws.com")
    error_message = "log groups, rules and alarms could not use the logs key"
  }
}

run "grants_are_made_for_named_services_only" {
  assert {
    condition = {
      for name, key in aws_kms_key.this : name => flatten([for each in jsondecode(key.policy).Statement : each.Condition.StringEquals["kms:ViaService"] if contains(each.Action, "kms:CreateGrant")])
      } == {
      data   = ["lambda.eu-west-1.amazonaws.com", "sagemaker.eu-west-1.amazonaws.com", "dynamodb.eu-west-1.amazonaws.com", "bedrock.eu-west-1.amazonaws.com"]
      models = ["sagemaker.eu-west-1.amazonaws.com", "ecr.eu-west-1.amazonaws.com", "ec2.eu-west-1.amazonaws.com", "bedrock.eu-west-1.amazonaws.com", "elasticfilesystem.eu-west-1.amazonaws.com"]
      logs   = []
    }
    error_message = "Only the documented services may get grants."
  }
}

run "other_accounts_read_models_and_nothing_else" {
  variables {
    model_reader_account_ids = ["210987654321"]
    multi_region             = true
  }
  assert {
    condition     = { for name, key in aws_kms_key.this : name => strcontains(key.policy, "210987654321") } == { data = false, models = true, logs = false }
    error_message = "another account has a key that is none of its business"
  }
  assert {
    condition = one([for each in jsondecode(aws_kms_key.this["models"].policy).Statement : each if each.Sid == "ReadModelsFromOtherAccounts"]) == {
      Sid       = "ReadModelsFromOtherAccounts"
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::210987654321:root"] }
      Action    = ["kms:Decrypt", "kms:DescribeKey"]
      Resource  = "*"
      Condition = { StringEquals = { "kms:ViaService" = ["s3.eu-west-1.amazonaws.com", "sagemaker.eu-west-1.amazonaws.com"] } }
    }
    error_message = "reading goes through S3 and SageMaker"
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.multi_region])
    error_message = "multi_region did not reach the keys"
  }
}

run "refuses_this_account_as_another" {
  command = plan
  variables {
    model_reader_account_ids = ["123456789012"]
  }
  expect_failures = [var.model_reader_account_ids]
}

run "refuses_an_account_that_is_not_an_account" {
  command = plan
  variables {
    context = {
      project     = "mlops"
      environment = "test"
      region      = "eu-west-1"
      account_id  = "1234"
      name_prefix = "mlops-test"
    }
  }
  expect_failures = [var.context]
}

run "refuses_a_rotation_that_kms_does_not_offer" {
  command = plan
  variables {
    rotation_days = 30
  }
  expect_failures = [var.rotation_days]
}

run "refuses_a_deletion_window_that_kms_does_not_offer" {
  command = plan
  variables {
    deletion_window_days = 3
  }
  expect_failures = [var.deletion_window_days]
}

run "bedrock_uses_the_data_key_for_logs_of_this_account_alone" {
  command = plan
  variables {
    invocation_logs = true
  }
  assert {
    condition = jsonencode({ for name, key in aws_kms_key.this : name => [for each in jsondecode(key.policy).Statement : [each.Action, each.Condition] if try(each.Principal.Service, null) == "bedrock.amazonaws.com"] }) == jsonencode({
      data = [[["kms:GenerateDataKey"], {
        ArnLike      = { "aws:SourceArn" = "arn:aws:bedrock:eu-west-1:123456789012:*" }
        StringEquals = { "aws:SourceAccount" = "123456789012" }
      }]]
      models = []
      logs   = []
    })
    error_message = "Bedrock must have exactly the documented key statements."
  }
}

run "without_invocation_logs_bedrock_uses_no_key_by_its_own_name" {
  command = plan
  assert {
    condition     = !anytrue(flatten([for key in aws_kms_key.this : [for each in jsondecode(key.policy).Statement : try(each.Principal.Service, null) == "bedrock.amazonaws.com"]]))
    error_message = "Bedrock may use a key"
  }
}

run "s3_vectors_indexes_buckets_of_this_environment_under_the_data_key" {
  command = plan
  variables {
    vectors = true
  }
  assert {
    condition = jsonencode([for each in jsondecode(aws_kms_key.this["data"].policy).Statement : [each.Action, each.Condition] if try(each.Principal.Service, null) == "indexing.s3vectors.amazonaws.com"]) == jsonencode([[["kms:Decrypt"], {
      ArnLike      = { "aws:SourceArn" = "arn:aws:s3vectors:eu-west-1:123456789012:bucket/mlops-test-*" }
      StringEquals = { "aws:SourceAccount" = "123456789012" }
    }]])
    error_message = "S3 Vectors must have exactly the documented key statements."
  }
  assert {
    condition     = contains(jsondecode(aws_kms_key.this["data"].policy).Statement[1].Condition.StringEquals["kms:ViaService"], "s3vectors.eu-west-1.amazonaws.com") && !anytrue([for name in ["models", "logs"] : strcontains(aws_kms_key.this[name].policy, "s3vectors")])
    error_message = "vectors are under the data key"
  }
}
