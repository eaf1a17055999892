data "aws_iam_policy_document" "invoke" {
  statement {
    sid       = "InvokeProfile"
    actions   = ["bedrock:InvokeModel"]
    resources = [aws_bedrock_inference_profile.this.arn]
  }

  statement {
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
      values   = [aws_bedrock_inference_profile.this.arn]
    }
  }
}

resource "aws_iam_role_policy" "router" {
  name   = "bedrock-${var.blueprint.name}"
  role   = var.router_role_name
  policy = data.aws_iam_policy_document.invoke.json
}
