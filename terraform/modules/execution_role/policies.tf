# One inline policy for each document that another module grants.
resource "aws_iam_role_policy" "attached" {
  for_each = var.policy_documents

  name   = each.key
  role   = aws_iam_role.this.name
  policy = each.value

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_iam_role_policy" "logs" {
  count = var.log_groups == null ? 0 : 1

  name = "logs"
  role = aws_iam_role.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "WriteLogs"
      Effect = "Allow"
      Action = concat(
        ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
        var.log_groups.create ? ["logs:CreateLogGroup"] : [],
      )
      # The right to create a group applies to the group itself; everything else applies to its streams.
      Resource = flatten([for arn in var.log_groups.arns : var.log_groups.create ? [arn, "${arn}:*"] : ["${arn}:*"]])
    }]
  })

  lifecycle {
    create_before_destroy = true
  }
}
