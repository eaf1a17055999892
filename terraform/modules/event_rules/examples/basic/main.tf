module "event_rules" {
  source = "../.."

  context = {
    region      = "us-east-1"
    account_id  = "123456789012"
    name_prefix = "mlops-dev"
  }

  kms_key_arn  = "arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333"
  topic_arn    = "arn:aws:sns:us-east-1:123456789012:mlops-dev-notifications"
  bus_name     = "mlops-dev-platform"
  completions  = "failures"
  archive_days = 7

  # Without this an approval is reported and starts nothing.
  redeploy = {
    state_machine_arn = "arn:aws:states:us-east-1:123456789012:stateMachine:mlops-dev-release"
    boundary_arn      = "arn:aws:iam::123456789012:policy/mlops-dev-boundary"
  }
}
