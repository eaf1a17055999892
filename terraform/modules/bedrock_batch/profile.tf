data "aws_partition" "current" {}

locals {
  full_name = "${var.context.name_prefix}-${var.blueprint.name}"

  # us.amazon.nova-lite-v1:0 is a system profile that spreads calls over regions; amazon.nova-lite-v1:0 is
  # the model itself, in this region.
  system_profile    = regex("^(?:(?P<area>us-gov|us|eu|apac|jp|au|ca|global)\\.)?(?P<model>.+)$", var.model_id)
  is_system_profile = local.system_profile.area != null

  bedrock_arn_prefix   = "arn:${data.aws_partition.current.partition}:bedrock"
  in_account           = "${var.context.region}:${var.context.account_id}"
  foundation_model_arn = "${local.bedrock_arn_prefix}:${var.context.region}::foundation-model/${var.model_id}"
  system_profile_arn   = "${local.bedrock_arn_prefix}:${local.in_account}:inference-profile/${var.model_id}"
  source_arn           = local.is_system_profile ? local.system_profile_arn : local.foundation_model_arn

  # Models behind the profile. A system profile chooses the region of each call (a global one even uses ARNs without a
  # region), so the region is a wildcard there.
  target_model_arns = local.is_system_profile ? [local.system_profile_arn, "${local.bedrock_arn_prefix}:*::foundation-model/${local.system_profile.model}"] : [local.foundation_model_arn]
  jobs              = "${local.bedrock_arn_prefix}:${local.in_account}:model-invocation-job/*"
}

# Bedrock bills jobs under the tags of this profile, which makes the cost of a blueprint visible.
resource "aws_bedrock_inference_profile" "this" {
  name        = local.full_name
  description = "Batch jobs of the ${var.blueprint.name} blueprint."

  model_source {
    copy_from = local.source_arn
  }
}
