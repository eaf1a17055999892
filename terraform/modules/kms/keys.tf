# Three keys, one per kind of reader: data (bucket, catalog), models (artifacts, images, endpoint
# volumes), logs (log groups, notifications, queues).
resource "aws_kms_key" "this" {
  for_each = local.keys

  description             = "${var.context.name_prefix}: ${each.value.description}"
  enable_key_rotation     = true
  rotation_period_in_days = var.rotation_days
  deletion_window_in_days = var.deletion_window_days
  multi_region            = var.multi_region
  policy                  = local.policies[each.key]
}

resource "aws_kms_alias" "this" {
  for_each = local.keys

  name          = "alias/${var.context.name_prefix}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}
