locals {
  group_name = "${var.context.name_prefix}-reviews"
  table_name = "reviews_offline" # beside the crawler's `reviews`, in the same database

  # Written by the ingestion job: the feature columns, the split of their folder, and the time of writing.
  features = {
    review_id  = "String"
    event_time = "String"
    group_id   = "String"
    rating     = "Fractional"
    label      = "String"
    text       = "String"
    source     = "String"
    split      = "String"
  }
}

resource "aws_sagemaker_feature_group" "reviews" {
  feature_group_name             = local.group_name
  description                    = "Cleaned, labelled and split review snippets, as the ETL last wrote them"
  record_identifier_feature_name = "review_id"
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
