locals {
  scope    = "${var.context.region}:${var.context.account_id}"
  glue_arn = "arn:${data.aws_partition.current.partition}:glue:${local.scope}"
}

resource "aws_iam_role" "this" {
  name                 = "${local.name}-delivery"
  description          = "Takes records from the stream and writes them as Parquet"
  permissions_boundary = var.boundary_arn

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "firehose.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.context.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "delivery"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadStream"
        Effect   = "Allow"
        Action   = ["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
        Resource = aws_kinesis_stream.this.arn
      },
      {
        Sid       = "DecryptStream"
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = var.kms_key_arns.data
        Condition = { StringEquals = { "kms:ViaService" = "kinesis.${var.context.region}.amazonaws.com" } }
      },
      {
        Sid    = "ReadSchema"
        Effect = "Allow"
        Action = ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"]
        Resource = [
          "${local.glue_arn}:catalog", "${local.glue_arn}:database/${var.database_name}",
          "${local.glue_arn}:table/${var.database_name}/${aws_glue_catalog_table.records.name}",
        ]
      },
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = "logs:PutLogEvents"
        Resource = "${aws_cloudwatch_log_group.this.arn}:log-stream:*"
      },
    ]
  })
}

# Permission to write data/raw and data/quarantine, from the module s3_access.
resource "aws_iam_role_policy" "bucket" {
  name   = "bucket"
  role   = aws_iam_role.this.id
  policy = var.bucket_policy_document
}
