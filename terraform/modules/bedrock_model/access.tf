data "aws_iam_policy_document" "invoke" {
  statement {
    sid       = "InvokeProfile"
    actions   = ["bedrock:InvokeModel"]
    resources = [local.target_arn]
  }

  dynamic "statement" {
    for_each = var.provisioned == null ? [local.target_arn] : []

    content {
      # Bedrock also requires permission for the models behind the profile. A system profile chooses the region of each
      # call (a global one even uses ARNs without a region), so the region is a wildcard; the condition allows these
      # calls through this profile only.
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
    # Bedrock reads the guardrail with the caller's permission on its key.
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

# RetrieveAndGenerate describes the profile, and then calls model and knowledge base with the caller's permissions.
data "aws_iam_policy_document" "generate" {
  count = var.knowledge_base == null ? 0 : 1

  source_policy_documents = [var.knowledge_base.retrieve_policy_document]

  statement {
    # The action has no resource type; the other statements limit what it reaches.
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

# In addition to invoking the model, which embeddings and shadow requests still do.
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
