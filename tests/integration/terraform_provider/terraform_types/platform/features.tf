resource "aws_iam_role" "features" {
  name = "types-features"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "sagemaker.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "features" {
  name = "bucket"
  role = aws_iam_role.features.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetBucketAcl", "s3:PutObject"], Resource = [aws_s3_bucket.main.arn, "${aws_s3_bucket.main.arn}/*"] }]
  })
}

resource "aws_sagemaker_feature_group" "main" {
  feature_group_name             = "types"
  record_identifier_feature_name = "id"
  event_time_feature_name        = "at"
  role_arn                       = aws_iam_role.features.arn

  dynamic "feature_definition" {
    for_each = { id = "String", at = "String", stars = "Fractional" }
    content {
      feature_name = feature_definition.key
      feature_type = feature_definition.value
    }
  }

  offline_store_config {
    s3_storage_config {
      s3_uri     = "s3://${aws_s3_bucket.main.bucket}/data/features/offline/"
      kms_key_id = aws_kms_key.main.arn
    }
    data_catalog_config {
      catalog    = "AwsDataCatalog"
      database   = aws_glue_catalog_database.main.name
      table_name = "offline"
    }
  }

  online_store_config {
    enable_online_store = true
    security_config { kms_key_id = aws_kms_key.main.arn }
    ttl_duration {
      unit  = "Weeks"
      value = var.revision
    }
  }

  depends_on = [aws_iam_role_policy.features]
}
