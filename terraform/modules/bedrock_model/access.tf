data "aws_iam_policy_document" "invoke" {
  statement {
    sid       = "InvokeProfile"
    actions   = ["bedrock:InvokeModel"]
    resources = [local.target_arn]
  }

  dynamic "statement" {
    for_each = var.provisioned == null ? [local.target_arn] : []

    content {
      # Bedrock also asks for the right on what the profile leads to. A system profile picks the region of
      # each call (a global one even uses ARNs without a region), so the region stays open there; the
      # condition admits these calls through this profile only.
      sid     = "InvokeModelThroughProfile"
      actions = ["bedrock:InvokeModel"]
      resources = (
        local.is_system_profile
        ? [local.system_profile_arn, "${local.bedrock_arn_prefix}:*::foundation-model/${local.system_profile.model}"]
        : [local.foundation_model_arn]
      )

      condition {
        test     = "ArnEquals"
        variable = "bedrock:InferenceProfileArn"
        values   = [statement.value]
      }
    }
  }

  dynamic "statement" {
    for_each = aws_bedrock_guardrail.this[*].guardrail_arn

    content {
      sid       = "ApplyGuardrail"
      actions   = ["bedrock:ApplyGuardrail"]
      resources = [statement.value]
    }
  }

  dynamic "statement" {
    # Bedrock reads the guardrail with the caller's right to its key.
    for_each = aws_bedrock_guardrail.this[*].kms_key_arn

    content {
      sid       = "ReadGuardrail"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["bedrock.${var.context.region}.amazonaws.com"]
      }
    }
  }
}

# RetrieveAndGenerate looks at the profile, and then asks the model and the knowledge base with the caller's rights.
data "aws_iam_policy_document" "generate" {
  count = var.knowledge_base == null ? 0 : 1

  source_policy_documents = [var.knowledge_base.retrieve_policy_document]

  statement {
    # It knows no resources: what it reaches is what the other statements allow.
    sid       = "RetrieveAndGenerate"
    actions   = ["bedrock:RetrieveAndGenerate"]
    resources = ["*"]
  }

  statement {
    sid       = "DescribeProfile"
    actions   = ["bedrock:GetInferenceProfile"]
    resources = [local.target_arn]
  }
}

# Beside the right to ask the model, which agents and knowledge bases do not replace: embeddings and shadows ask it.
resource "aws_iam_role_policy" "router_assistant" {
  for_each = merge(
    var.knowledge_base == null ? {} : { knowledge = one(data.aws_iam_policy_document.generate[*].json) },
    var.agent == null ? {} : { agent = try(var.agent.invoke_policy_document, "") },
  )

  name   = "bedrock-${var.blueprint.name}-${each.key}"
  role   = var.router_role_name
  policy = each.value
}

resource "aws_iam_role_policy" "router" {
  name   = "bedrock-${var.blueprint.name}"
  role   = var.router_role_name
  policy = data.aws_iam_policy_document.invoke.json
}
