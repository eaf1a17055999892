data "aws_partition" "current" {}

# Lake Formation decides what a reader sees; IAM must allow the reader to call it. Following a link requires permission
# on link and target.
resource "aws_iam_role_policy" "follow" {
  # checkov:skip=CKV_AWS_290: GetDataAccess has no resource type; Lake Formation's grants are its limit
  # checkov:skip=CKV_AWS_355: GetDataAccess has no resource type; Lake Formation's grants are its limit
  for_each = local.grants

  name = "shared-${replace(each.value.name, "_", "-")}"
  role = element(split("/", each.value.reader), length(split("/", each.value.reader)) - 1)

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "ReadLinkedTables"
        Effect = "Allow"
        Action = ["glue:BatchGetPartition", "glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
        Resource = [
          for kind in ["catalog", "database/${each.value.database}", "table/${each.value.database}/${each.value.table == null ? "*" : each.value.table}"] :
          "arn:${data.aws_partition.current.partition}:glue:${var.context.region}:${each.value.producer_account_id}:${kind}"
        ]
      },
      {
        Sid      = "GetDataAccess"
        Effect   = "Allow"
        Action   = "lakeformation:GetDataAccess"
        Resource = "*"
      },
    ]
  })
}
