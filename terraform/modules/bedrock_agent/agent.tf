data "aws_partition" "current" {}

locals {
  name      = "${var.context.name_prefix}-${var.blueprint_name}"
  agent_arn = "arn:${data.aws_partition.current.partition}:bedrock:${var.context.region}:${var.context.account_id}:agent"
}

resource "aws_bedrockagent_agent" "this" {
  agent_name                  = local.name
  description                 = "Agent of the ${var.blueprint_name} blueprint."
  agent_resource_role_arn     = module.role.arn
  foundation_model            = var.model.arn
  instruction                 = var.instruction
  idle_session_ttl_in_seconds = var.idle_minutes * 60
  customer_encryption_key_arn = var.kms_key_arn
  prepare_agent               = true

  guardrail_configuration = var.guardrail == null ? null : [{
    guardrail_identifier = var.guardrail.id
    guardrail_version    = var.guardrail.version
  }]

  # Bedrock checks the role when the agent is created.
  depends_on = [aws_iam_role_policy.this, module.role]
}

# The provider prepares the agent again afterwards: unprepared changes are in no version.
resource "aws_bedrockagent_agent_knowledge_base_association" "this" {
  count = var.knowledge_base == null ? 0 : 1

  agent_id             = aws_bedrockagent_agent.this.agent_id
  knowledge_base_id    = var.knowledge_base.id
  knowledge_base_state = "ENABLED"
  description          = var.knowledge_base.description
}

# Creating an alias creates a version of the current agent, and the alias stays with that version. So each change of the
# agent gets a new alias, and the previous one is deleted once its successor exists.
resource "aws_bedrockagent_agent_alias" "this" {
  agent_alias_name = "live-${local.content}"
  agent_id         = aws_bedrockagent_agent.this.agent_id
  description      = "What callers of ${var.blueprint_name} are answered by."

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_bedrockagent_agent_knowledge_base_association.this]
}

locals {
  content = substr(sha256(jsonencode([var.model, var.instruction, var.idle_minutes, var.guardrail, var.knowledge_base])), 0, 8)
}
