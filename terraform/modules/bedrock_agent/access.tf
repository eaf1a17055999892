data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["bedrock.amazonaws.com"]
    }

    # Bedrock would act for agents of other accounts too, if they named this role.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.context.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local.agent_arn}/*"]
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = "${local.name}-agent"
  description          = "Agent ${var.blueprint_name}: asks its model and looks documents up."
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.boundary_arn
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "LookAtProfile"
    actions   = ["bedrock:GetInferenceProfile"]
    resources = [var.model.arn]
  }

  statement {
    # Instruction and conversations are kept under the key, each for its agent.
    sid       = "KeepConversations"
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
  role   = aws_iam_role.this.name
  policy = data.aws_iam_policy_document.this.json
}

# What owners of model and knowledge base hand out.
resource "aws_iam_role_policy" "lent" {
  for_each = merge({ model = var.model.invoke_policy_document }, var.knowledge_base == null ? {} : { knowledge = var.knowledge_base.retrieve_policy_document })

  name   = each.key
  role   = aws_iam_role.this.name
  policy = each.value
}

# What callers put into their role.
data "aws_iam_policy_document" "invoke" {
  statement {
    sid       = "InvokeAgent"
    actions   = ["bedrock:InvokeAgent"]
    resources = [aws_bedrockagent_agent_alias.this.agent_alias_arn]
  }
}
