# For roles that run images of these repositories.
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
        # The action has no resource type: the token is valid for the repositories of the statement above.
        Sid      = "GetRegistryToken"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
    ]
  }
}
