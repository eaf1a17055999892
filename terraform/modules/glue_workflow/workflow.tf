# The pipeline's first three steps, for environments without the pipeline: crawl, transform, crawl the results.
resource "aws_glue_workflow" "reviews" {
  name                = "${var.context.name_prefix}-reviews"
  description         = "Raw reviews to features without the training pipeline"
  max_concurrent_runs = 1 # one dataset is processed by one run at a time
}

resource "aws_glue_trigger" "start" {
  name          = "${var.context.name_prefix}-reviews-start"
  description   = "Crawls what was delivered"
  type          = var.schedule == null ? "ON_DEMAND" : "SCHEDULED"
  schedule      = var.schedule
  workflow_name = aws_glue_workflow.reviews.name

  actions {
    crawler_name = var.crawler_names.raw
  }
}

resource "aws_glue_trigger" "transform" {
  name          = "${var.context.name_prefix}-reviews-transform"
  description   = "Runs the ETL on what was crawled"
  type          = "CONDITIONAL"
  workflow_name = aws_glue_workflow.reviews.name

  predicate {
    conditions {
      crawler_name = var.crawler_names.raw
      crawl_state  = "SUCCEEDED"
    }
  }

  actions {
    job_name = var.job_name
  }
}

resource "aws_glue_trigger" "catalogue" {
  name          = "${var.context.name_prefix}-reviews-catalogue"
  description   = "Crawls what the ETL wrote"
  type          = "CONDITIONAL"
  workflow_name = aws_glue_workflow.reviews.name

  predicate {
    conditions {
      job_name = var.job_name
      state    = "SUCCEEDED"
    }
  }

  actions {
    crawler_name = var.crawler_names.processed
  }

  actions {
    crawler_name = var.crawler_names.features
  }
}
