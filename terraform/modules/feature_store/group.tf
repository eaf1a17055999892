locals {
  group_name = "${var.context.name_prefix}-${var.dataset.name}"
  table_name = "${replace(var.dataset.name, "-", "_")}_offline" # beside the crawler's, in the same database

  # The ingestion job adds the split of a row's folder, and the time of writing.
  features = merge(var.dataset.features, { split = "String", event_time = "String" })
}

resource "aws_sagemaker_feature_group" "reviews" {
  feature_group_name             = local.group_name
  description                    = "Checked and split rows of ${var.dataset.name}, as the ETL last wrote them"
  record_identifier_feature_name = var.dataset.record_identifier
  event_time_feature_name        = "event_time"
  role_arn                       = aws_iam_role.this["store"].arn

  dynamic "feature_definition" {
    for_each = local.features

    content {
      feature_name = feature_definition.key
      feature_type = feature_definition.value
    }
  }

  # Feature Store creates the table and adds its own columns: write_time, api_invocation_time, is_deleted.
  offline_store_config {
    disable_glue_table_creation = false

    s3_storage_config {
      s3_uri     = "s3://${var.bucket_name}/data/features/offline/"
      kms_key_id = var.kms_key_arn
    }

    data_catalog_config {
      catalog    = "AwsDataCatalog"
      database   = var.database_name
      table_name = local.table_name
    }
  }

  dynamic "online_store_config" {
    for_each = var.online ? [true] : []

    content {
      enable_online_store = true

      security_config {
        kms_key_id = var.kms_key_arn
      }
    }
  }

  # SageMaker checks the role when the group is created.
  depends_on = [aws_iam_role_policy.attached]
}
