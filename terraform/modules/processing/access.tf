data "aws_partition" "current" {}

# The log group of SageMaker's jobs has a fixed name that the environments of an account share.
module "role" {
  source = "../execution_role"

  context          = var.context
  name             = "${var.context.name_prefix}-processing"
  description      = "SageMaker processing jobs that run the deployed flows"
  service          = "sagemaker.amazonaws.com"
  boundary_arn     = var.boundary_arn
  policy_documents = var.policy_documents
  log_groups       = { arns = ["arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}:log-group:/aws/sagemaker/ProcessingJobs"], create = true }
}
