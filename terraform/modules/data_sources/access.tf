data "aws_partition" "current" {}

# Permissions to read data of other owners; nothing here creates or changes a source.
locals {
  partition = data.aws_partition.current.partition
  buckets   = { for name, source in var.sources : name => source if source.bucket != null }
  # A bucket's name does not identify its owner: after deletion any account can create it again.
  owners    = { for name, source in local.buckets : name => { "aws:ResourceAccount" = coalesce(source.owner, var.context.account_id) } }
  databases = [for source in values(var.sources) : source.database if source.database != null]
  keys      = distinct(compact([for source in values(var.sources) : source.kms_key_arn]))
  glue_arn  = "arn:${local.partition}:glue:${var.context.region}:${var.context.account_id}"

  statements = concat(
    [for name, source in local.buckets : {
      Sid      = "List${replace(title(replace(name, "-", " ")), " ", "")}"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = ["arn:${local.partition}:s3:::${source.bucket}"]
      Condition = {
        StringLike   = { "s3:prefix" = flatten([for prefix in source.prefixes : [trimsuffix(prefix, "/"), "${prefix}*"]]) }
        StringEquals = local.owners[name]
      }
    }],
    [for name, source in local.buckets : {
      Sid       = "Locate${replace(title(replace(name, "-", " ")), " ", "")}"
      Effect    = "Allow"
      Action    = ["s3:GetBucketLocation"]
      Resource  = ["arn:${local.partition}:s3:::${source.bucket}"]
      Condition = { StringEquals = local.owners[name] }
    }],
    [for name, source in local.buckets : {
      Sid       = "Read${replace(title(replace(name, "-", " ")), " ", "")}"
      Effect    = "Allow"
      Action    = ["s3:GetObject"]
      Resource  = [for prefix in source.prefixes : "arn:${local.partition}:s3:::${source.bucket}/${prefix}*"]
      Condition = { StringEquals = local.owners[name] }
    }],
    length(local.keys) == 0 ? [] : [{
      Sid       = "DecryptSources"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = local.keys
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.context.region}.amazonaws.com" } }
    }],
    length(local.databases) == 0 ? [] : [{
      Sid      = "ReadSourceCatalog"
      Effect   = "Allow"
      Action   = ["glue:BatchGetPartition", "glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:GetTables"]
      Resource = concat(["${local.glue_arn}:catalog"], flatten([for name in local.databases : ["${local.glue_arn}:database/${name}", "${local.glue_arn}:table/${name}/*"]]))
    }],
  )
}
