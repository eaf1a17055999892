mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  blueprint = {
    name       = "chat-batch"
    parameters = { max_tokens = 64, style = "{{brief}}", stop = "7" }
    limits     = { max_total_tokens = 1000000 }
  }
}

run "only_bedrock_and_only_for_jobs_of_this_account_takes_the_role" {
  assert {
    condition     = module.role.name == "mlops-dev-chat-batch-jobs" && module.role.boundary_arn == var.boundary_arn
    error_message = "The role must carry the prefix and the boundary."
  }

  assert {
    condition     = jsondecode(module.role.trust_policy).Statement == [{ Effect = "Allow", Principal = { Service = "bedrock.amazonaws.com" }, Action = "sts:AssumeRole", Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" }, ArnLike = { "aws:SourceArn" = "arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/*" } } }]
    error_message = "module.role must let Bedrock act for batch jobs of account 123456789012 only; its trust policy is ${module.role.trust_policy}."
  }
}

run "jobs_reach_their_model_through_the_profile_alone" {
  assert {
    condition     = aws_bedrock_inference_profile.this.name == "mlops-dev-chat-batch" && aws_bedrock_inference_profile.this.model_source[0].copy_from == "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
    error_message = "The profile must be the blueprint's own."
  }

  assert {
    condition     = data.aws_iam_policy_document.invoke.statement[0].resources == toset([aws_bedrock_inference_profile.this.arn]) && data.aws_iam_policy_document.invoke.statement[0].actions == toset(["bedrock:InvokeModel"])
    error_message = "The profile must be invoked."
  }

  assert {
    condition     = data.aws_iam_policy_document.invoke.statement[1].resources == toset(["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"]) && data.aws_iam_policy_document.invoke.statement[1].condition == toset([{ test = "ArnEquals", variable = "bedrock:InferenceProfileArn", values = tolist([aws_bedrock_inference_profile.this.arn]) }])
    error_message = "The model must be reached through the profile only."
  }

  assert {
    condition     = aws_iam_role_policy.invoke.role == module.role.name && keys(module.role.policies) == ["bucket"]
    error_message = "The role must have its policies."
  }
}

run "the_submitter_may_make_these_jobs_and_pass_this_role" {
  assert {
    condition     = aws_iam_role_policy.submitter.role == "mlops-dev-batch-submitter" && aws_iam_role_policy.submitter.name == "bedrock-chat-batch"
    error_message = "The policy must be attached to the submitter's role, with the blueprint in its name."
  }

  assert {
    condition     = data.aws_iam_policy_document.submit.statement[0].actions == toset(["bedrock:CreateModelInvocationJob"]) && data.aws_iam_policy_document.submit.statement[0].resources == toset([aws_bedrock_inference_profile.this.arn, "arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/*", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"])
    error_message = "Jobs must be of this profile and its model."
  }

  assert {
    condition     = data.aws_iam_policy_document.submit.statement[1].resources == toset(["arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/*"])
    error_message = "Only jobs must be tagged."
  }

  assert {
    condition     = data.aws_iam_policy_document.submit.statement[2].resources == toset([module.role.arn]) && data.aws_iam_policy_document.submit.statement[2].condition == toset([{ test = "StringEquals", variable = "iam:PassedToService", values = tolist(["bedrock.amazonaws.com"]) }])
    error_message = "Only this role must be passed, and to Bedrock only."
  }
}

run "a_system_profile_leaves_the_region_open" {
  variables {
    model_id = "us.amazon.nova-lite-v1:0"
  }

  assert {
    condition     = data.aws_iam_policy_document.invoke.statement[1].resources == toset(["arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0", "arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0"])
    error_message = "The profile picks the region of each call."
  }
}

run "the_record_tells_the_submitter_everything" {
  assert {
    condition = jsondecode(aws_ssm_parameter.route.value) == {
      blueprint  = "chat-batch"
      kind       = "batch"
      source     = "bedrock"
      submitter  = "mlops-dev-batch-submitter"
      parameters = { max_tokens = 64, style = "{{brief}}", stop = "7" }
      limits     = { max_total_tokens = 1000000 }
      batch = {
        model_id         = aws_bedrock_inference_profile.this.arn
        base_model_id    = "amazon.nova-lite-v1:0"
        role_arn         = module.role.arn
        key_arn          = var.kms_key_arn
        timeout_hours    = 24
        format           = "auto"
        column           = null
        delimiter        = ","
        records_per_file = 50000
        minimum_records  = 100
        maximum_records  = 1000000
        on_arrival       = true
        prices           = {}
        crawler          = "mlops-dev-chat-batch-results"
      }
    }
    error_message = "The route record must hold everything that the submitter reads; got ${aws_ssm_parameter.route.value}."
  }

  assert {
    condition     = aws_ssm_parameter.route.name == "/mlops/dev/routes/chat-batch" && aws_ssm_parameter.route.type == "String"
    error_message = "The route parameter must have the path that the functions read."
  }
}

run "the_submitter_learns_how_records_are_named" {
  variables {
    blueprint = { name = "chat-batch", batch = { column = "question", id = "ticket" } }
  }

  assert {
    condition     = [jsondecode(aws_ssm_parameter.route.value).batch.column, jsondecode(aws_ssm_parameter.route.value).batch.id] == ["question", "ticket"]
    error_message = "The record must name the columns of texts and of names."
  }
}
