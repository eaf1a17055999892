module "batch_events" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  bucket_name = "mlops-dev-data-123456789012-us-east-1"

  submitter = {
    name = "mlops-dev-batch-submitter"
    arn  = "arn:aws:lambda:us-east-1:123456789012:function:mlops-dev-batch-submitter"
  }
}
