data "aws_partition" "current" {}

locals {
  name   = "${var.context.name_prefix}-${var.dataset}"
  prefix = "data/raw/${var.dataset}/source=stream/"
}

resource "aws_kinesis_stream" "this" {
  name             = local.name
  shard_count      = var.shards
  retention_period = var.retention_hours
  encryption_type  = "KMS"
  kms_key_id       = var.kms_key_arns.data

  stream_mode_details {
    stream_mode = var.shards == null ? "ON_DEMAND" : "PROVISIONED"
  }
}
