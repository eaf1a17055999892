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

resource "aws_iam_role_policy" "router" {
  name   = "bedrock-${var.blueprint.name}"
  role   = var.router_role_name
  policy = data.aws_iam_policy_document.invoke.json
}
