# Jobs of people: whoever starts one chooses its program, and so is this role. It therefore does nothing that its
# persona could not do directly, and writes into the persona's own folder of `experiments/` alone, which no role of the
# platform reads anything from that it executes.
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
