data "aws_partition" "current" {}

locals {
  profile_name = "${var.context.name_prefix}-${var.blueprint.name}"

  # us.amazon.nova-lite-v1:0 is a system profile that spreads calls over regions; amazon.nova-lite-v1:0 is
  # the model itself, in this region.
  system_profile    = regex("^(?:(?P<area>us-gov|us|eu|apac|jp|au|ca|global)\\.)?(?P<model>.+)$", var.model_id)
  is_system_profile = local.system_profile.area != null

  bedrock_arn_prefix   = "arn:${data.aws_partition.current.partition}:bedrock"
  foundation_model_arn = "${local.bedrock_arn_prefix}:${var.context.region}::foundation-model/${var.model_id}"
  system_profile_arn   = "${local.bedrock_arn_prefix}:${var.context.region}:${var.context.account_id}:inference-profile/${var.model_id}"
  is_customized        = startswith(var.model_id, "arn:")
  source_arn           = local.is_system_profile ? local.system_profile_arn : local.foundation_model_arn

  # Id that callers invoke, and under which Bedrock publishes metrics.
  target_arn = try(aws_bedrock_provisioned_model_throughput.this[0].provisioned_model_arn, aws_bedrock_inference_profile.this[0].arn)
  metric_id  = try(aws_bedrock_provisioned_model_throughput.this[0].provisioned_model_arn, aws_bedrock_inference_profile.this[0].id)
}

# Bedrock bills calls under the tags of this profile, which makes the cost of a blueprint visible.
resource "aws_bedrock_inference_profile" "this" {
  count = var.provisioned == null ? 1 : 0

  name        = local.profile_name
  description = "Calls of the ${var.blueprint.name} blueprint."

  model_source {
    copy_from = local.source_arn
  }
}

# Provisioned capacity, billed by the hour whether used or not. It cannot have a profile, so it carries the cost tags
# itself.
resource "aws_bedrock_provisioned_model_throughput" "this" {
  count = var.provisioned == null ? 0 : 1

  provisioned_model_name = local.profile_name
  model_arn              = local.is_customized ? var.model_id : local.foundation_model_arn
  model_units            = var.provisioned.model_units
  commitment_duration    = var.provisioned.commitment
}
