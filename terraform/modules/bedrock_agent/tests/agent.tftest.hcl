mock_provider "aws" {
  source = "../../../tests/terraform/mocks"

  mock_resource "aws_bedrockagent_agent" {
    defaults = {
      agent_id  = "AG12345678"
      agent_arn = "arn:aws:bedrock:us-east-1:123456789012:agent/AG12345678"
    }
  }

  mock_resource "aws_bedrockagent_agent_alias" {
    defaults = {
      agent_alias_id  = "AL12345678"
      agent_alias_arn = "arn:aws:bedrock:us-east-1:123456789012:agent-alias/AG12345678/AL12345678"
    }
  }
}

variables {
  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-test"
  }
  blueprint_name = "helper"
  instruction    = "You answer questions of customers about their orders, shortly and politely."
  kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/1"
  boundary_arn   = "arn:aws:iam::123456789012:policy/mlops-test-boundary"
  model = {
    arn                    = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6"
    invoke_policy_document = "{\"Version\":\"2012-10-17\",\"Statement\":[]}"
  }
}

run "the_agent_asks_the_profile_and_is_encrypted" {
  assert {
    condition     = aws_bedrockagent_agent.this.foundation_model == var.model.arn && aws_bedrockagent_agent.this.instruction == var.instruction && aws_bedrockagent_agent.this.idle_session_ttl_in_seconds == 600
    error_message = "The agent must have the given model, instruction and idle time."
  }

  assert {
    condition     = aws_bedrockagent_agent.this.customer_encryption_key_arn == var.kms_key_arn
    error_message = "Conversations must be under the key."
  }

  assert {
    condition     = aws_bedrockagent_agent.this.guardrail_configuration == null && length(aws_bedrockagent_agent_knowledge_base_association.this) == 0 && keys(module.role.policies) == ["model"]
    error_message = "Without guardrail and knowledge base the agent must have neither."
  }

  assert {
    condition     = aws_bedrockagent_agent.this.prepare_agent && startswith(aws_bedrockagent_agent_alias.this.agent_alias_name, "live-") && output.alias_id == "AL12345678"
    error_message = "Callers need an alias of the prepared agent."
  }
}

run "the_role_is_for_agents_of_this_account_within_the_boundary" {
  assert {
    condition     = module.role.boundary_arn == var.boundary_arn
    error_message = "The role must have the boundary."
  }

  assert {
    condition     = jsondecode(module.role.trust_policy).Statement == [{ Effect = "Allow", Principal = { Service = "bedrock.amazonaws.com" }, Action = "sts:AssumeRole", Condition = { StringEquals = { "aws:SourceAccount" = "123456789012" }, ArnLike = { "aws:SourceArn" = "arn:aws:bedrock:us-east-1:123456789012:agent/*" } } }]
    error_message = "module.role must let Bedrock act for agents of account 123456789012 only; its trust policy is ${module.role.trust_policy}."
  }

  assert {
    condition     = { for each in data.aws_iam_policy_document.this.statement : each.sid => [toset(each.actions), toset(each.resources), [for each in each.condition : "${each.test} ${each.variable} ${join(",", each.values)}"]] } == { DescribeProfile = [toset(["bedrock:GetInferenceProfile"]), toset([var.model.arn]), []], EncryptConversations = [toset(["kms:Decrypt", "kms:GenerateDataKey"]), toset([var.kms_key_arn]), ["ArnLike kms:EncryptionContext:aws:bedrock:arn arn:aws:bedrock:us-east-1:123456789012:agent/*"]] }
    error_message = "The role must use one inference profile, and the key for conversations only."
  }

  assert {
    condition     = module.role.policies["model"] == var.model.invoke_policy_document
    error_message = "The role must have the model's policy document."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.invoke.statement).actions == toset(["bedrock:InvokeAgent"]) && one(data.aws_iam_policy_document.invoke.statement).resources == toset(["arn:aws:bedrock:us-east-1:123456789012:agent-alias/AG12345678/AL12345678"])
    error_message = "The policy document must allow invoking this alias only."
  }
}

run "guardrail_and_knowledge_base_are_created_on_request" {
  variables {
    guardrail = { id = "g1h2i3", version = "2" }
    knowledge_base = {
      id                       = "KB12345678"
      description              = "Handbooks of the products."
      retrieve_policy_document = "{\"Version\":\"2012-10-17\",\"Statement\":[{}]}"
    }
  }

  assert {
    condition     = one(aws_bedrockagent_agent.this.guardrail_configuration) == { guardrail_identifier = "g1h2i3", guardrail_version = "2" }
    error_message = "The agent must be guarded by that version."
  }

  assert {
    condition     = aws_bedrockagent_agent_knowledge_base_association.this[0].knowledge_base_id == "KB12345678" && aws_bedrockagent_agent_knowledge_base_association.this[0].knowledge_base_state == "ENABLED" && aws_bedrockagent_agent_knowledge_base_association.this[0].description == "Handbooks of the products."
    error_message = "The agent must be associated with the knowledge base."
  }

  assert {
    condition     = module.role.policies["knowledge"] == var.knowledge_base.retrieve_policy_document
    error_message = "The role must have the knowledge base's policy document."
  }

  assert {
    condition     = aws_bedrockagent_agent_alias.this.agent_alias_name != "live-${substr(sha256(jsonencode([var.model, var.instruction, var.idle_minutes, null, null])), 0, 8)}"
    error_message = "A changed agent must have a new alias: the old one stays with the old version."
  }
}

run "a_name_with_capitals_is_refused" {
  command = plan
  variables {
    blueprint_name = "Helper"
  }
  expect_failures = [var.blueprint_name]
}

run "a_bare_model_is_refused" {
  command = plan
  variables {
    model = { arn = "amazon.nova-lite-v1:0", invoke_policy_document = "{}" }
  }
  expect_failures = [var.model]
}

run "a_short_instruction_is_refused" {
  command = plan
  variables {
    instruction = "Be nice."
  }
  expect_failures = [var.instruction]
}

run "endless_conversations_are_refused" {
  command = plan
  variables {
    idle_minutes = 61
  }
  expect_failures = [var.idle_minutes]
}

run "documents_without_a_description_are_refused" {
  command = plan
  variables {
    knowledge_base = { id = "KB12345678", description = "", retrieve_policy_document = "{}" }
  }
  expect_failures = [var.knowledge_base]
}

run "a_key_that_is_none_is_refused" {
  command = plan
  variables {
    kms_key_arn = "alias/data"
  }
  expect_failures = [var.kms_key_arn]
}
