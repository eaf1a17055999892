resource "aws_iam_role" "job" {
  name                 = "${var.context.name_prefix}-large-etl"
  description          = "Jobs of the EMR Serverless application"
  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "emr-serverless.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.context.account_id }
        ArnEquals    = { "aws:SourceArn" = aws_emrserverless_application.this.arn }
      }
    }]
  })
}

# Policy documents for bucket and catalog, granted by other modules.
resource "aws_iam_role_policy" "attached" {
  for_each = var.policy_documents

  name   = each.key
  role   = aws_iam_role.job.id
  policy = each.value
}
