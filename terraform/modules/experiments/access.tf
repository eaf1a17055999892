# Role of jobs that people start. They choose the program, so they effectively act as this role. It therefore has no
# permission that its persona does not have, and writes only to the persona's folder of `experiments/`, from which no
# role of the platform executes anything.
data "aws_partition" "current" {}

locals {
  logs_arn = "arn:${data.aws_partition.current.partition}:logs:${var.context.region}:${var.context.account_id}:log-group:/aws/sagemaker"
}

# The log groups of SageMaker's jobs have fixed names that the environments of an account share.
module "role" {
  source = "../execution_role"

  context          = var.context
  name             = "${var.context.name_prefix}-experiments-${var.persona}"
  description      = "SageMaker jobs that the persona ${var.persona} starts"
  service          = "sagemaker.amazonaws.com"
  boundary_arn     = var.boundary_arn
  policy_documents = var.policy_documents
  log_groups       = { arns = [for kind in ["ProcessingJobs", "TrainingJobs"] : "${local.logs_arn}/${kind}"], create = true }
}
