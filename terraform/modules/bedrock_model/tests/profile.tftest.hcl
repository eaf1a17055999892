mock_provider "aws" {
  source = "../../../tests/terraform/mocks"
}

variables {
  blueprint = {
    name       = "chat"
    parameters = { max_tokens = 256, style = "{{brief}}", stop = "7" }
    limits     = { max_tokens = 500 }
  }
}

run "a_foundation_model_gets_a_profile_in_this_region" {
  assert {
    condition     = one(aws_bedrock_inference_profile.this[0].model_source).copy_from == "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"
    error_message = "The inference profile must copy the model of this region."
  }

  assert {
    condition     = aws_bedrock_inference_profile.this[0].name == "mlops-dev-chat"
    error_message = "The profile must be <name_prefix>-<name>."
  }

  assert {
    condition     = one([for s in data.aws_iam_policy_document.invoke.statement : toset(s.resources) if s.sid == "InvokeModelThroughProfile"]) == toset(["arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"])
    error_message = "Only this model, in this region, may be reached."
  }
}

run "the_router_may_invoke_this_profile_only" {
  assert {
    condition     = aws_iam_role_policy.router.role == "mlops-dev-model-router"
    error_message = "The policy must be attached to the router's role."
  }

  assert {
    condition     = one([for s in data.aws_iam_policy_document.invoke.statement : toset(s.resources) if s.sid == "InvokeProfile"]) == toset(["arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"])
    error_message = "The policy must name this inference profile."
  }

  assert {
    condition     = one(one([for s in data.aws_iam_policy_document.invoke.statement : s.condition if s.sid == "InvokeModelThroughProfile"])).values == tolist(["arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"])
    error_message = "The model may be invoked through the profile only."
  }
}

run "a_system_profile_may_pick_the_region" {
  variables {
    model_id = "us.amazon.nova-lite-v1:0"
  }

  assert {
    condition     = one(aws_bedrock_inference_profile.this[0].model_source).copy_from == "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0"
    error_message = "The inference profile must copy the system profile."
  }

  assert {
    condition     = one([for s in data.aws_iam_policy_document.invoke.statement : toset(s.resources) if s.sid == "InvokeModelThroughProfile"]) == toset(["arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0", "arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0"])
    error_message = "The model must be reachable wherever the system profile leads."
  }
}

run "a_serverless_route_has_its_own_kind" {
  variables {
    blueprint = { name = "chat", kind = "serverless" }
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.route.value).kind == "serverless"
    error_message = "The router takes requests under the path of the record's kind."
  }
}

run "the_router_finds_the_profile" {
  assert {
    condition     = !strcontains(aws_ssm_parameter.route.value, "{{") && jsondecode(aws_ssm_parameter.route.value) == { blueprint = "chat", kind = "realtime", source = "bedrock", targets = [{ name = "primary", model_id = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6", base_model_id = "amazon.nova-lite-v1:0", weight = 1 }], parameters = { max_tokens = 256, style = "{{brief}}", stop = "7" }, limits = { max_tokens = 500 } }
    error_message = "The record must name the profile, with numbers as numbers."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.latency.threshold == var.thresholds.latency_ms && aws_cloudwatch_metric_alarm.errors.threshold == var.thresholds.error_rate_percent
    error_message = "Alarms must have the given thresholds."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.latency.dimensions["ModelId"] == "a1b2c3d4e5f6"
    error_message = "Bedrock files metrics under the profile's id."
  }
}

run "a_customized_model_has_provisioned_throughput" {
  state_key = "provisioned"

  variables {
    model_id    = "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-lite-v1:0:300k/abc123"
    provisioned = { model_units = 2, commitment = "OneMonth" }
  }

  assert {
    condition     = aws_bedrock_provisioned_model_throughput.this[0].model_arn == var.model_id && aws_bedrock_provisioned_model_throughput.this[0].model_units == 2 && aws_bedrock_provisioned_model_throughput.this[0].commitment_duration == "OneMonth"
    error_message = "Provisioned throughput must have the given model units."
  }

  assert {
    condition     = length(aws_bedrock_inference_profile.this) == 0 && one(jsondecode(aws_ssm_parameter.route.value).targets).model_id == "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/p1q2r3" && aws_cloudwatch_metric_alarm.latency.dimensions["ModelId"] == "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/p1q2r3"
    error_message = "Route and alarms must name the provisioned throughput."
  }

  assert {
    condition     = [for s in data.aws_iam_policy_document.invoke.statement : s.sid] == ["InvokeProfile"] && one(data.aws_iam_policy_document.invoke.statement).resources == toset(["arn:aws:bedrock:us-east-1:123456789012:provisioned-model/p1q2r3"])
    error_message = "The router may invoke that throughput and nothing else."
  }
}

run "a_guardrail_is_encrypted_versioned_and_named_by_the_route" {
  state_key = "guardrail"

  variables {
    guardrail = {
      kms_key_arn   = "arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111"
      filters       = { HATE = "HIGH", PROMPT_ATTACK = "MEDIUM" }
      pii           = { EMAIL = "ANONYMIZE" }
      denied_topics = { medicine = "Advice on treatments of illnesses." }
      words         = ["secret"]
    }
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.route.value).guardrail == { id = "g1h2i3", version = "1" }
    error_message = "The route must name the guardrail's version."
  }

  assert {
    condition     = aws_bedrock_guardrail.this[0].kms_key_arn == var.guardrail.kms_key_arn && { for each in one(aws_bedrock_guardrail.this[0].content_policy_config).filters_config : each.type => [each.input_strength, each.output_strength] } == { HATE = ["HIGH", "HIGH"], PROMPT_ATTACK = ["MEDIUM", "NONE"] }
    error_message = "Filters must have the given strengths; prompt attacks must be filtered in requests only."
  }

  assert {
    condition     = one(one(aws_bedrock_guardrail.this[0].sensitive_information_policy_config).pii_entities_config).action == "ANONYMIZE" && one(one(aws_bedrock_guardrail.this[0].topic_policy_config).topics_config).type == "DENY" && one(one(aws_bedrock_guardrail.this[0].word_policy_config).words_config).text == "secret"
    error_message = "The guardrail must have the given PII types, topics and words."
  }

  assert {
    condition     = { for s in data.aws_iam_policy_document.invoke.statement : s.sid => s.resources if contains(["ApplyGuardrail", "ReadGuardrail"], s.sid) } == { ApplyGuardrail = toset(["arn:aws:bedrock:us-east-1:123456789012:guardrail/g1h2i3"]), ReadGuardrail = toset([var.guardrail.kms_key_arn]) }
    error_message = "The router may apply this guardrail and read it, and no other."
  }

  assert {
    condition     = one(one([for s in data.aws_iam_policy_document.invoke.statement : s.condition if s.sid == "ReadGuardrail"])).values == tolist(["bedrock.us-east-1.amazonaws.com"])
    error_message = "The key may be used through Bedrock only."
  }
}

run "the_record_names_other_blueprints" {
  variables {
    blueprint = {
      name = "chat"
      routing = {
        fallback         = ["spare", "next"]
        share_percent    = { next = 10, other = 5 }
        shadow           = { blueprint = "candidate-b", percent = 25 }
        retries          = 1
        cooldown_seconds = 60
        timeout_seconds  = 9
      }
    }
  }

  assert {
    condition     = [for target in jsondecode(aws_ssm_parameter.route.value).targets : "${target.name} ${target.weight} ${try(target.blueprint, target.model_id)}"] == ["primary 85 arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6", "spare 0 spare", "next 10 next", "other 5 other"]
    error_message = "The own target must have the rest of the shares; the others must follow in the order of the fallback."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.route.value).shadow == { share = 0.25, target = { name = "candidate-b", blueprint = "candidate-b" } }
    error_message = "The record must name the shadow's blueprint and its share."
  }

  assert {
    condition     = jsondecode(aws_ssm_parameter.route.value).retry == { retries = 1 } && jsondecode(aws_ssm_parameter.route.value).cooldown == { seconds = 60 } && jsondecode(aws_ssm_parameter.route.value).targets[0].timeout_seconds == 9
    error_message = "The route record must contain the given limits."
  }
}

run "documents_are_looked_up_before_the_model_answers" {
  variables {
    knowledge_base = { id = "KB12345678", results = 3, retrieve_policy_document = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  assert {
    condition     = one(jsondecode(aws_ssm_parameter.route.value).targets) == { name = "primary", model_id = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6", base_model_id = "amazon.nova-lite-v1:0", api = "knowledge_base", knowledge_base_id = "KB12345678", results = 3, weight = 1 }
    error_message = "The record must name knowledge base and model: ${aws_ssm_parameter.route.value}"
  }

  assert {
    condition     = { for each in data.aws_iam_policy_document.generate[0].statement : each.sid => [toset(each.actions), toset(each.resources)] } == { RetrieveAndGenerate = [toset(["bedrock:RetrieveAndGenerate"]), toset(["*"])], DescribeProfile = [toset(["bedrock:GetInferenceProfile"]), toset(["arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"])] } && data.aws_iam_policy_document.generate[0].source_policy_documents == tolist([var.knowledge_base.retrieve_policy_document])
    error_message = "The router must be allowed to describe this profile and to retrieve from the knowledge base."
  }

  assert {
    condition     = aws_iam_role_policy.router_assistant["knowledge"].role == "mlops-dev-model-router" && keys(aws_iam_role_policy.router_assistant) == ["knowledge"]
    error_message = "The policy must be attached to the router's role."
  }
}

run "an_agent_answers_in_the_models_place" {
  variables {
    agent = { id = "AG12345678", alias_id = "AL12345678", invoke_policy_document = "{\"Version\":\"2012-10-17\",\"Statement\":[{}]}" }
  }

  assert {
    condition     = one(jsondecode(aws_ssm_parameter.route.value).targets) == { name = "primary", model_id = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6", base_model_id = "amazon.nova-lite-v1:0", api = "agent", agent_id = "AG12345678", agent_alias_id = "AL12345678", weight = 1 }
    error_message = "The record must name the agent: ${aws_ssm_parameter.route.value}"
  }

  assert {
    condition     = aws_iam_role_policy.router_assistant["agent"].policy == var.agent.invoke_policy_document && length(data.aws_iam_policy_document.generate) == 0
    error_message = "The router's role must have the agent's policy document."
  }
}

run "the_route_of_the_model_is_the_one_of_the_router" {
  assert {
    condition     = output.invoke_policy_document == aws_iam_role_policy.router.policy && output.guardrail == null && length(aws_iam_role_policy.router_assistant) == 0
    error_message = "Without guardrail and assistant there must be the model's policy only."
  }
}
