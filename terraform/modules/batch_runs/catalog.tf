# Two tables, `results` and `errors`, each partitioned by request_id. The submitter starts the crawler when the last
# job of a request has ended.
locals {
  database = replace(local.full_name, "-", "_") # names in SQL cannot carry hyphens unquoted
  output   = "s3://${var.bucket_name}/inference/batch/output/${var.blueprint.name}"
}

resource "aws_glue_catalog_database" "results" {
  name         = local.database
  description  = "What the batch jobs of ${var.blueprint.name} answered, one row per record"
  location_uri = "${local.output}/"
}

resource "aws_glue_security_configuration" "results" {
  name = "${local.full_name}-results"

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "SSE-KMS"
      kms_key_arn                = var.kms_key_arns.logs
    }

    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "CSE-KMS"
      kms_key_arn                   = var.kms_key_arns.data
    }

    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = var.kms_key_arns.data
    }
  }
}

resource "aws_glue_crawler" "results" {
  name                   = "${local.full_name}-results"
  description            = "Catalogues the results of ${var.blueprint.name} as ${local.database}.results and .errors"
  database_name          = aws_glue_catalog_database.results.name
  role                   = module.role.arn
  security_configuration = aws_glue_security_configuration.results.name

  s3_target {
    path = "${local.output}/results"
  }

  s3_target {
    path = "${local.output}/errors"
  }

  # By default a crawler creates a separate table for each partition whose columns differ.
  configuration = jsonencode({
    Version = 1.0
    Grouping = {
      TableGroupingPolicy     = "CombineCompatibleSchemas"
      TableLevelConfiguration = 6 # bucket, inference, batch, output, blueprint, results
    }
    CrawlerOutput = { Partitions = { AddOrUpdateBehavior = "InheritFromTable" } }
  })

  schema_change_policy {
    delete_behavior = "LOG"
    update_behavior = "UPDATE_IN_DATABASE"
  }

  recrawl_policy {
    recrawl_behavior = "CRAWL_EVERYTHING"
  }

  # Glue checks the role when the crawler is created.
  depends_on = [aws_iam_role_policy.catalog, module.role]
}
