# Jobs of people: whoever starts one chooses its program, and so is this role. It therefore does nothing that its
# persona could not do directly, and writes into the persona's own folder of `experiments/` alone, which no role of the
# platform reads anything from that it executes.
data "aws_partition" "current" {}

locals {
  logs_arn = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}:log-group:/aws/sagemaker"
}

resource "aws_iam_role" "this" {
  name                 = "${var.context.name_prefix}-experiments-${var.persona}"
  description          = "SageMaker jobs that the persona ${var.persona} starts"
  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sagemaker.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account_id } }
    }]
  })
}

# What others hand out, one policy for each of them.
resource "aws_iam_role_policy" "handed_out" {
  for_each = var.policy_documents

  name   = each.key
  role   = aws_iam_role.this.id
  policy = each.value
}

resource "aws_iam_role_policy" "logs" {
  name = "logs"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      # The log groups of SageMaker's jobs have fixed names that the environments of an account share.
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
      Resource = flatten([for kind in ["ProcessingJobs", "TrainingJobs"] : [for end in ["", ":*"] : "${local.logs_arn}/${kind}${end}"]])
    }]
  })
}
