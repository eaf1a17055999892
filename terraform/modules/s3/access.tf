# The owner of the bucket hands out the right to use it: callers attach these, nobody writes their own.
locals {
  read_policies = {
    for group, spec in local.access_groups : group => jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "List"
          Effect    = "Allow"
          Action    = ["s3:ListBucket"]
          Resource  = local.bucket_arn
          Condition = { StringLike = { "s3:prefix" = flatten([for prefix in spec.prefixes : [trimsuffix(prefix, "/"), "${prefix}*"]]) } }
        },
        {
          Sid      = "Locate"
          Effect   = "Allow"
          Action   = ["s3:GetBucketLocation"]
          Resource = local.bucket_arn
        },
        {
          Sid      = "Read"
          Effect   = "Allow"
          Action   = ["s3:GetObject", "s3:GetObjectVersion"]
          Resource = [for prefix in spec.prefixes : "${local.bucket_arn}/${prefix}*"]
        },
        {
          Sid      = "Decrypt"
          Effect   = "Allow"
          Action   = ["kms:Decrypt"]
          Resource = [for key in spec.keys : var.kms_key_arns[key]]
        },
      ]
    })
  }

  write_policies = {
    for group, spec in local.access_groups : group => jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid      = "Write"
          Effect   = "Allow"
          Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
          Resource = [for prefix in spec.prefixes : "${local.bucket_arn}/${prefix}*"]
        },
        {
          # Decrypt too: S3 reads the parts of a multipart upload back to join them.
          Sid      = "Encrypt"
          Effect   = "Allow"
          Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
          Resource = [for key in spec.keys : var.kms_key_arns[key]]
        },
      ]
    })
  }
}

resource "aws_iam_policy" "read" {
  for_each = local.access_groups

  name        = "${var.context.name_prefix}-s3-read-${each.key}"
  description = "Read ${join(", ", each.value.prefixes)} of ${local.bucket_name}"
  policy      = local.read_policies[each.key]
}

resource "aws_iam_policy" "write" {
  for_each = local.access_groups

  name        = "${var.context.name_prefix}-s3-write-${each.key}"
  description = "Write ${join(", ", each.value.prefixes)} of ${local.bucket_name}"
  policy      = local.write_policies[each.key]
}
