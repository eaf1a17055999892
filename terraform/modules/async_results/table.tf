locals {
  table_name = "${local.name}-results"
}

# Finished requests by id, for clients that poll instead of subscribing.
resource "aws_dynamodb_table" "results" {
  count = var.callback.table == null ? 0 : 1

  name                        = local.table_name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "request_id"
  deletion_protection_enabled = var.context.protected

  attribute {
    name = "request_id"
    type = "S"
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.kms_key_arns.data
  }

  point_in_time_recovery {
    enabled = true
  }

  ttl {
    enabled        = true
    attribute_name = "expires_at"
  }
}
