module "role" {
  source = "../execution_role"

  context          = var.context
  name             = "${local.name}-agent"
  description      = "Agent ${var.blueprint_name}: asks its model and looks documents up."
  service          = "bedrock.amazonaws.com"
  source_arn       = "${local.agent_arn}/*"
  boundary_arn     = var.boundary_arn
  policy_documents = merge({ model = var.model.invoke_policy_document }, var.knowledge_base == null ? {} : { knowledge = var.knowledge_base.retrieve_policy_document })
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "DescribeProfile"
    actions   = ["bedrock:GetInferenceProfile"]
    resources = [var.model.arn]
  }

  statement {
    # Instruction and conversations are encrypted with the key, with the agent as encryption context.
    sid       = "EncryptConversations"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:bedrock:arn"
      values   = ["${local.agent_arn}/*"]
    }
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "agent"
  role   = module.role.name
  policy = data.aws_iam_policy_document.this.json
}

# For the roles of callers.
data "aws_iam_policy_document" "invoke" {
  statement {
    sid       = "InvokeAgent"
    actions   = ["bedrock:InvokeAgent"]
    resources = [aws_bedrockagent_agent_alias.this.agent_alias_arn]
  }
}
