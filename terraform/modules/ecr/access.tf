# Whoever runs images of these repositories puts this document into its role.
locals {
  pull_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "PullImages"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [for name in sort(keys(var.repositories)) : aws_ecr_repository.this[name].arn]
      },
      {
        # A token has no resource type: it opens what the statement above names, and no more.
        Sid      = "GetRegistryToken"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
    ]
  }
}
