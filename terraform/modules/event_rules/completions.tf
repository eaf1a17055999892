# Finished jobs and pipelines. The environment chooses which outcomes are published.

locals {
  sagemaker_outcomes = {
    all      = ["Completed", "Failed", "Stopped"]
    failures = ["Failed", "Stopped"]
  }
  glue_outcomes = {
    all      = ["SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED"]
    failures = ["FAILED", "TIMEOUT", "STOPPED"]
  }
  bedrock_outcomes = {
    all      = ["Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"]
    failures = ["PartiallyCompleted", "Failed", "Stopped", "Expired"]
  }
  pipeline_outcomes = {
    all      = ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
    failures = ["FAILED", "TIMED_OUT", "ABORTED"]
  }

  sagemaker_jobs = {
    training   = { title = "training job", type = "SageMaker Training Job State Change", field = "TrainingJob" }
    transform  = { title = "batch transform job", type = "SageMaker Transform Job State Change", field = "TransformJob" }
    processing = { title = "processing job", type = "SageMaker Processing Job State Change", field = "ProcessingJob" }
  }

  sagemaker_rules = {
    for key, job in local.sagemaker_jobs : "${key}-completion" => {
      description = "A ${job.title} came to an end"
      bus         = "default"
      pattern = {
        source      = ["aws.sagemaker"]
        detail-type = [job.type]
        detail = {
          "${job.field}Name"   = local.name_filter
          "${job.field}Status" = local.sagemaker_outcomes[var.completions]
        }
      }
    }
  }

  other_completion_rules = {
    etl-completion = {
      description = "A Glue job came to an end"
      bus         = "default"
      pattern = {
        source      = ["aws.glue"]
        detail-type = ["Glue Job State Change"]
        detail      = { jobName = local.name_filter, state = local.glue_outcomes[var.completions] }
      }
    }
    bedrock-batch-completion = {
      description = "A Bedrock batch inference job came to an end"
      bus         = "default"
      pattern = {
        source      = ["aws.bedrock"]
        detail-type = ["Batch Inference Job State Change"]
        detail      = { batchJobName = local.name_filter, status = local.bedrock_outcomes[var.completions] }
      }
    }
    pipeline-completion = {
      description = "A pipeline execution came to an end"
      bus         = "default"
      pattern = {
        source      = ["aws.states"]
        detail-type = ["Step Functions Execution Status Change"]
        detail = {
          stateMachineArn = [{ prefix = "${local.arn_prefix}:states:${local.in_account}:stateMachine:${var.context.name_prefix}-" }]
          status          = local.pipeline_outcomes[var.completions]
        }
      }
    }
  }

  completion_rules = merge(local.sagemaker_rules, local.other_completion_rules)
}
