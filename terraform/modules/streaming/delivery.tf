# Schema of a record: Firehose converts JSON to Parquet with this table.
resource "aws_glue_catalog_table" "records" {
  name          = "${replace(var.dataset, "-", "_")}_stream"
  database_name = var.database_name
  description   = "Shape of the records of stream ${local.name}"
  table_type    = "EXTERNAL_TABLE"
  parameters    = { classification = "parquet" }

  storage_descriptor {
    location      = "s3://${var.bucket_name}/${local.prefix}"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }

    dynamic "columns" {
      for_each = var.columns
      content {
        name = columns.value.name
        type = columns.value.type
      }
    }
  }
}

resource "aws_kinesis_firehose_delivery_stream" "this" {
  name        = local.name
  destination = "extended_s3"

  kinesis_source_configuration {
    kinesis_stream_arn = aws_kinesis_stream.this.arn
    role_arn           = aws_iam_role.this.arn
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.this.arn
    bucket_arn          = "arn:${data.aws_partition.current.partition}:s3:::${var.bucket_name}"
    kms_key_arn         = var.kms_key_arns.data
    prefix              = "${local.prefix}day=!{timestamp:yyyy-MM-dd}/"
    error_output_prefix = "data/quarantine/${var.dataset}/stream/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/"
    buffering_size      = 64 # Firehose converts to Parquet only in buffers of at least 64 MB
    buffering_interval  = var.buffering_seconds

    data_format_conversion_configuration {
      input_format_configuration {
        deserializer {
          open_x_json_ser_de {}
        }
      }

      output_format_configuration {
        serializer {
          parquet_ser_de {
            compression = "SNAPPY"
          }
        }
      }

      schema_configuration {
        database_name = aws_glue_catalog_table.records.database_name
        table_name    = aws_glue_catalog_table.records.name
        role_arn      = aws_iam_role.this.arn
      }
    }

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.this.name
      log_stream_name = aws_cloudwatch_log_stream.this.name
    }
  }

  # Firehose checks its role when the stream is created.
  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy.bucket]
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: retention is the environment's choice; a year of delivery logs is not required everywhere
  name              = "/aws/kinesisfirehose/${local.name}"
  retention_in_days = var.context.log_retention_days
  kms_key_id        = var.kms_key_arns.logs
}

resource "aws_cloudwatch_log_stream" "this" {
  name           = "delivery"
  log_group_name = aws_cloudwatch_log_group.this.name
}
