data "aws_partition" "current" {}

# The name is fixed: releases may pass this role and no other. Only another blueprint name replaces it. The log group
# of transform jobs has a fixed name that the environments of an account share.
module "role" {
  source = "../execution_role"

  context          = var.context
  name             = "${local.full_name}-model"
  description      = "Model containers of the batch jobs of ${var.blueprint.name}."
  service          = "sagemaker.amazonaws.com"
  boundary_arn     = var.boundary_arn
  policy_documents = var.policy_documents
  log_groups       = { arns = [local.log_group_arn], create = true }
}

locals {
  log_group_arn = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}:log-group:/aws/sagemaker/TransformJobs"
}
