module "fixed_run" {
  source = "../.."

  context      = { region = "us-east-1", account_id = "123456789012", name_prefix = "mlops-dev", log_retention_days = 30 }
  name         = "etl"
  description  = "Runs the ETL job with its own arguments"
  boundary_arn = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  kms_key_arn  = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"

  definition = jsonencode({
    StartAt = "Run"
    States = {
      Run = {
        Type       = "Task"
        Resource   = "arn:aws:states:::glue:startJobRun.sync"
        Parameters = { JobName = "mlops-dev-reviews-etl", Arguments = { "--run_id.$" = "$$.Execution.Name" } }
        End        = true
      }
    }
  })

  statements = jsonencode([{
    Sid      = "RunJob"
    Action   = ["glue:BatchStopJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:StartJobRun"]
    Resource = ["arn:aws:glue:us-east-1:123456789012:job/mlops-dev-reviews-etl"]
  }])
}
