# The name is fixed: releases may pass this role and no other. Only another endpoint name replaces it.
module "role" {
  source = "../execution_role"

  context          = var.context
  name             = "${local.endpoint_name}-endpoint"
  description      = "Model containers of the ${var.blueprint.name} endpoint."
  service          = "sagemaker.amazonaws.com"
  boundary_arn     = var.boundary_arn
  policy_documents = var.policy_documents
  log_groups       = { arns = [aws_cloudwatch_log_group.endpoint.arn] }
}
