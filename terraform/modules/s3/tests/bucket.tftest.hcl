mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
  }
  buckets = {
    data = { name = "mlops-test-data-123456789012-us-east-1", arn = "arn:aws:s3:::mlops-test-data-123456789012-us-east-1" }
    logs = { name = "mlops-test-access-logs-123456789012-us-east-1", arn = "arn:aws:s3:::mlops-test-access-logs-123456789012-us-east-1" }
  }
  kms_key_arns = {
    data   = "arn:aws:kms:us-east-1:123456789012:key/1"
    models = "arn:aws:kms:us-east-1:123456789012:key/2"
  }
}

run "both_buckets_are_encrypted_and_watched" {
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.data.rule).apply_server_side_encryption_by_default).kms_master_key_id == "arn:aws:kms:us-east-1:123456789012:key/1"
    error_message = "data is not encrypted with the data key"
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.logs.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "S3 delivers access logs to SSE-S3 buckets only"
  }
  assert {
    condition     = aws_s3_bucket_notification.data.eventbridge && aws_s3_bucket_logging.data.target_bucket == var.buckets.logs.name
    error_message = "events or access logs are off"
  }
}

run "the_policy_refuses_plain_http_and_foreign_encryption" {
  assert {
    condition     = [for statement in jsondecode(aws_s3_bucket_policy.data.policy).Statement : statement.Sid] == ["DenyWithoutTls", "DenyOtherEncryption", "DenyOtherKeys", "DenyReplacingCheckpoints", "DenyReplacingCode", "DenyReplacingEvaluations", "DenyReplacingModels", "DenyReplacingTrainingOutputs"]
    error_message = "The bucket policy must have the seven documented Deny statements; got ${aws_s3_bucket_policy.data.policy}."
  }
  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.data.policy).Statement : statement.Effect == "Deny"])
    error_message = "the data bucket's own policy grants nothing"
  }
  assert {
    condition     = toset(jsondecode(aws_s3_bucket_policy.data.policy).Statement[2].Condition.StringNotEquals["s3:x-amz-server-side-encryption-aws-kms-key-id"]) == toset(["arn:aws:kms:us-east-1:123456789012:key/1", "arn:aws:kms:us-east-1:123456789012:key/2"])
    error_message = "only the two keys of the platform may encrypt"
  }
  assert {
    condition     = jsondecode(aws_s3_bucket_policy.logs.policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "other accounts could deliver logs here"
  }
}

run "the_tree_is_the_documented_one" {
  command = plan
  assert {
    condition = toset(flatten([for name, prefix in output.prefixes : try(values(prefix), [prefix])])) == toset([
      "data/raw/", "data/processed/", "data/features/", "data/features/offline/", "data/quarantine/", "data/knowledge/",
      "artifacts/models/bedrock-customized/", "artifacts/models/sagemaker-finetuned/", "artifacts/models/sagemaker-custom/", "artifacts/models/registered/",
      "artifacts/training-outputs/", "artifacts/checkpoints/", "artifacts/code/", "artifacts/evaluations/", "experiments/data-scientist/", "experiments/ml-engineer/", "experiments/data-engineer/",
      "inference/realtime/logs/", "inference/serverless/logs/", "inference/batch/input/", "inference/batch/output/",
      "inference/async/input/", "inference/async/output/", "inference/async/failures/",
      "configs/datasets/", "configs/preprocessing/", "configs/training/", "configs/pipeline-definitions/",
      "configs/inference/realtime/", "configs/inference/serverless/", "configs/inference/batch/", "configs/inference/async/",
      "logs/preprocessing/", "logs/training/", "logs/athena/", "logs/deployments/", "logs/bedrock/",
      "logs/inference/realtime/", "logs/inference/serverless/", "logs/inference/batch/", "logs/inference/async/",
    ])
    error_message = "The prefixes must be those of the documented tree; got ${jsonencode(output.prefixes)}."
  }
}

run "there_is_a_right_of_use_for_every_prefix" {
  command = plan
  assert {
    condition     = toset([for entry in output.access.prefixes : entry.prefix]) == toset(flatten([for prefix in output.prefixes : try(values(prefix), [prefix])]))
    error_message = "access must have one entry for every prefix; got ${jsonencode(output.access.prefixes)}."
  }
  assert {
    condition = toset([for name, entry in output.access.prefixes : entry.prefix if contains(entry.key_arns, var.kms_key_arns.models)]) == toset([
      "artifacts/models/bedrock-customized/", "artifacts/models/sagemaker-finetuned/", "artifacts/models/sagemaker-custom/", "artifacts/models/registered/",
      "artifacts/training-outputs/", "artifacts/checkpoints/", "experiments/data-scientist/", "experiments/ml-engineer/", "experiments/data-engineer/",
    ])
    error_message = "only model artifacts use the models key"
  }
  assert {
    condition     = alltrue([for entry in output.access.prefixes : contains(entry.key_arns, var.kms_key_arns.data)])
    error_message = "Every prefix must list the keys of its objects only."
  }
  assert {
    condition     = output.every_arn == ["arn:aws:s3:::mlops-test-data-123456789012-us-east-1", "arn:aws:s3:::mlops-test-data-123456789012-us-east-1/*"]
    error_message = "every_arn must be the bucket and all its objects; got ${jsonencode(output.every_arn)}."
  }
}

run "no_role_of_the_environment_replaces_what_roles_execute" {
  command = plan
  assert {
    condition = { for each in jsondecode(aws_s3_bucket_policy.data.policy).Statement : each.Sid => [each.Resource, each.Condition] if startswith(each.Sid, "DenyReplacing") } == {
      DenyReplacingCode = ["${var.buckets.data.arn}/artifacts/code/*", { ArnLike = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/mlops-test-*" } }]
      DenyReplacingModels = ["${var.buckets.data.arn}/artifacts/models/*", {
        ArnLike    = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/mlops-test-*" }
        ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/mlops-test-model-artifacts"] }
      }]
      DenyReplacingTrainingOutputs = ["${var.buckets.data.arn}/artifacts/training-outputs/*", {
        ArnLike    = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/mlops-test-*" }
        ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/mlops-test-*-training"] }
      }]
      DenyReplacingCheckpoints = ["${var.buckets.data.arn}/artifacts/checkpoints/*", {
        ArnLike    = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/mlops-test-*" }
        ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/mlops-test-*-training"] }
      }]
      DenyReplacingEvaluations = ["${var.buckets.data.arn}/artifacts/evaluations/*", {
        ArnLike    = { "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/mlops-test-*" }
        ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/mlops-test-*-evaluation"] }
      }]
    }
    error_message = "The bucket policy must deny the environment's roles replacing code, models and checkpoints; got ${aws_s3_bucket_policy.data.policy}."
  }
}

run "with_named_deployers_no_other_principal_deploys" {
  command = plan
  variables {
    deployer_arns = ["arn:aws:iam::123456789012:role/deploy"]
  }
  assert {
    condition = { for each in jsondecode(aws_s3_bucket_policy.data.policy).Statement : each.Sid => each.Condition if startswith(each.Sid, "DenyReplacing") } == {
      DenyReplacingCode            = { ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/deploy"] } }
      DenyReplacingModels          = { ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::123456789012:role/mlops-test-model-artifacts"] } }
      DenyReplacingTrainingOutputs = { ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::123456789012:role/mlops-test-*-training"] } }
      DenyReplacingCheckpoints     = { ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::123456789012:role/mlops-test-*-training"] } }
      DenyReplacingEvaluations     = { ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::123456789012:role/mlops-test-*-evaluation"] } }
    }
    error_message = "With deployer_arns only those may replace what roles execute; got ${aws_s3_bucket_policy.data.policy}."
  }
  assert {
    condition     = length([for each in jsondecode(aws_s3_bucket_policy.data.policy).Statement : each.Sid if anytrue([for action in flatten([each.Action]) : strcontains(action, "BucketPolicy")])]) == 0
    error_message = "The bucket policy must not deny changing the bucket policy."
  }
}

run "refuses_a_deployer_by_pattern" {
  command = plan
  variables {
    deployer_arns = ["arn:aws:iam::123456789012:role/*"]
  }
  expect_failures = [var.deployer_arns]
}

run "refuses_an_arn_of_another_bucket" {
  command = plan
  variables {
    buckets = {
      data = { name = "data", arn = "arn:aws:s3:::another" }
      logs = { name = "logs", arn = "arn:aws:s3:::logs" }
    }
  }
  expect_failures = [var.buckets]
}

run "refuses_what_is_not_a_key" {
  command = plan
  variables {
    kms_key_arns = { data = "alias/data", models = "alias/models" }
  }
  expect_failures = [var.kms_key_arns]
}

run "no_other_account_reads_by_default" {
  command = plan
  assert {
    condition     = alltrue([for each in jsondecode(aws_s3_bucket_policy.data.policy).Statement : each.Effect == "Deny"])
    error_message = "Without flags the bucket policy must only deny."
  }
}

run "other_accounts_read_models_and_nothing_else" {
  command = plan
  variables {
    model_reader_account_ids = ["210987654321"]
  }
  assert {
    condition = { for each in jsondecode(aws_s3_bucket_policy.data.policy).Statement : each.Sid => [each.Principal.AWS, each.Action, each.Resource] if each.Effect == "Allow" } == {
      ReadModels = [
        ["arn:aws:iam::210987654321:root"],
        ["s3:GetObject", "s3:GetObjectVersion"],
        ["${var.buckets.data.arn}/artifacts/models/*", "${var.buckets.data.arn}/artifacts/training-outputs/*"],
      ]
      ListModels = [["arn:aws:iam::210987654321:root"], ["s3:ListBucket"], [var.buckets.data.arn]]
    }
    error_message = "Model readers must be allowed to read registered models only."
  }
  assert {
    condition     = one([for each in jsondecode(aws_s3_bucket_policy.data.policy).Statement : each.Condition.StringLike["s3:prefix"] if each.Sid == "ListModels"]) == ["artifacts/models/*", "artifacts/training-outputs/*"]
    error_message = "a list of the whole bucket"
  }
}

run "refuses_this_account_as_another" {
  command = plan
  variables {
    model_reader_account_ids = ["123456789012"]
  }
  expect_failures = [var.model_reader_account_ids]
}

run "bedrock_writes_invocation_logs_of_this_account_below_their_prefix" {
  command = plan
  variables {
    invocation_logs = true
  }
  assert {
    condition = [for each in jsondecode(aws_s3_bucket_policy.data.policy).Statement : each if each.Effect == "Allow"] == [{
      Sid       = "DeliverInvocationLogs"
      Effect    = "Allow"
      Principal = { Service = "bedrock.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "${var.buckets.data.arn}/logs/bedrock/AWSLogs/123456789012/BedrockModelInvocationLogs/*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012" }
        ArnLike      = { "aws:SourceArn" = "arn:aws:bedrock:us-east-1:123456789012:*" }
      }
    }]
    error_message = "Bedrock must deliver invocation logs of this account below their prefix only; got ${aws_s3_bucket_policy.data.policy}."
  }
}
