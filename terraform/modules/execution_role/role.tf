# The role that an AWS service assumes for one of this account's jobs, endpoints or agents.

locals {
  # Services act for every account that names a role: without these conditions another account could use this one.
  trust_conditions = merge(
    { StringEquals = { "aws:SourceAccount" = var.context.account_id } },
    var.source_arn == null ? {} : { ArnLike = { "aws:SourceArn" = var.source_arn } },
  )
}

# SageMaker and Bedrock check the role's permissions when a model, endpoint or agent is created. Resources that use the
# role therefore depend on the whole module (`depends_on = [module.role]`), and a replacement is created first.
resource "aws_iam_role" "this" {
  name                 = var.name
  description          = var.description
  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = var.service }
      Action    = "sts:AssumeRole"
      Condition = local.trust_conditions
    }]
  })

  lifecycle {
    create_before_destroy = true
  }
}
