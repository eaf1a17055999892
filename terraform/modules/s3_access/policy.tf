# One compact document for one role: one statement per permission, for any number of prefixes.
locals {
  requested = {
    for right, names in { read = var.read, list = var.list, write = var.write, delete = var.delete, hand_over = var.hand_over } : right => [
      for name in names : {
        # "inference_realtime_logs/reviews" is the folder inference/realtime/logs/reviews/.
        prefix   = join("", concat([var.access.prefixes[split("/", name)[0]].prefix], [for folder in slice(split("/", name), 1, length(split("/", name))) : "${folder}/"]))
        key_arns = var.access.prefixes[split("/", name)[0]].key_arns
      }
    ]
  }

  listed      = [for entry in concat(local.requested.read, local.requested.list) : entry.prefix]
  object_arns = { for right, entries in local.requested : right => [for entry in entries : "${var.access.bucket_arn}/${entry.prefix}*"] }
  write_keys  = distinct(flatten([for entry in local.requested.write : entry.key_arns]))
  read_keys   = setsubtract(flatten([for entry in local.requested.read : entry.key_arns]), local.write_keys)

  # S3 uses the keys on behalf of the caller; direct use is not allowed.
  through_s3 = { StringEquals = { "kms:ViaService" = var.access.via_service } }

  statements = concat(
    length(local.listed) == 0 ? [] : [
      jsonencode({
        Sid       = "ListPrefixes"
        Effect    = "Allow"
        Action    = "s3:ListBucket"
        Resource  = var.access.bucket_arn
        Condition = { StringLike = { "s3:prefix" = flatten([for prefix in local.listed : [trimsuffix(prefix, "/"), "${prefix}*"]]) } }
      }),
    ],
    length(var.read) == 0 ? [] : [
      jsonencode({ Sid = "ReadObjects", Effect = "Allow", Action = "s3:GetObject", Resource = local.object_arns.read }),
    ],
    length(var.write) == 0 ? [] : [
      jsonencode({
        Sid      = "WriteObjects"
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"]
        Resource = local.object_arns.write
      }),
    ],
    length(var.delete) == 0 ? [] : [
      jsonencode({ Sid = "DeleteObjects", Effect = "Allow", Action = "s3:DeleteObject", Resource = local.object_arns.delete }),
    ],
    length(var.hand_over) == 0 ? [] : [
      # A service that writes with the ACL `bucket-owner-full-control` reads the bucket's ACL first.
      jsonencode({ Sid = "ReadBucketAcl", Effect = "Allow", Action = "s3:GetBucketAcl", Resource = var.access.bucket_arn }),
      jsonencode({ Sid = "PutObjectAcls", Effect = "Allow", Action = "s3:PutObjectAcl", Resource = local.object_arns.hand_over }),
    ],
    length(local.listed) + length(var.write) == 0 ? [] : [
      # SDKs and Athena look up the bucket's region; the condition of the listing would deny that.
      jsonencode({ Sid = "LocateBucket", Effect = "Allow", Action = "s3:GetBucketLocation", Resource = var.access.bucket_arn }),
    ],
    length(local.read_keys) == 0 ? [] : [
      jsonencode({ Sid = "DecryptObjects", Effect = "Allow", Action = "kms:Decrypt", Resource = local.read_keys, Condition = local.through_s3 }),
    ],
    length(local.write_keys) == 0 ? [] : [
      # Decrypt too: S3 reads the parts of a multipart upload back to join them.
      jsonencode({ Sid = "EncryptObjects", Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = local.write_keys, Condition = local.through_s3 }),
    ],
  )
}
