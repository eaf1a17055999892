module "glue_workflow" {
  source = "../.."

  context       = { name_prefix = "mlops-dev" }
  crawler_names = { raw = "mlops-dev-raw-reviews", processed = "mlops-dev-processed-reviews", features = "mlops-dev-features-reviews" }
  job_name      = "mlops-dev-reviews-etl"
  schedule      = "cron(0 2 * * ? *)"
}
