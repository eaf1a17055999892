# Data without a model: the same crawlers and job as the pipeline's, chained by Glue itself.
module "glue_workflow" {
  source = "../../modules/glue_workflow"

  context       = var.context
  crawler_names = module.glue.crawler_names
  job_name      = module.glue.job_name
  schedule      = var.data.workflow_schedule
}

module "schema_registry" {
  source = "../../modules/schema_registry"

  context = var.context

  schemas = {
    raw-reviews = {
      description = "One line of data/raw/reviews: tab-separated, without a header"
      definition  = file("${path.module}/schemas/raw_reviews.avsc")
    }
  }
}
