# State machines that people start: the ETL and the deployed flows. Callers choose names of runs, but no arguments.
data "aws_partition" "current" {}

locals {
  aws_arn = { for service in ["glue", "sagemaker", "events"] : service => "arn:${data.aws_partition.current.partition}:${service}:${var.context.region}:${var.context.account_id}" }
  task    = "arn:${data.aws_partition.current.partition}:states:::"

  flow_states = { for name, request in module.processing.requests : name => {
    Type     = "Task"
    Resource = "${local.task}sagemaker:createProcessingJob.sync"
    Parameters = merge(request, {
      "ProcessingJobName.$" = "States.Format('${var.context.name_prefix}-{}', $$.Execution.Name)"
      Tags                  = [for key in sort(keys(var.context.tags)) : { Key = key, Value = var.context.tags[key] }]
    })
    ResultSelector = { "name.$" = "$.ProcessingJobName", "message.$" = "$.ExitMessage" }
    End            = true
  } }

  runs = {
    etl = {
      description = "Runs the ETL job on data/raw/reviews with its deployed arguments"
      definition = {
        StartAt = "RunEtl"
        States = {
          RunEtl = {
            Type           = "Task"
            Resource       = "${local.task}glue:startJobRun.sync"
            Parameters     = { JobName = module.glue.job_name, Arguments = { "--run_id.$" = "$$.Execution.Name" } }
            ResultSelector = { "run.$" = "$.Id", "state.$" = "$.JobRunState" }
            End            = true
          }
        }
      }
      statements = [{
        # `.sync` polls with the last three, and stops the job when the execution is stopped.
        Sid      = "RunEtl"
        Action   = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
        Resource = ["${local.aws_arn.glue}:job/${module.glue.job_name}"]
      }]
    }
    preprocessing = {
      description = "Runs one of the deployed flows: the input names it, as {\"flow\": \"reviews\"}"
      definition = {
        StartAt = "ChooseFlow"
        States = merge(local.flow_states, {
          ChooseFlow = {
            Type    = "Choice"
            Choices = [for name in sort(keys(local.flow_states)) : { And = [{ Variable = "$.flow", IsPresent = true }, { Variable = "$.flow", StringEquals = name }], Next = name }]
            Default = "UnknownFlow"
          }
          UnknownFlow = { Type = "Fail", Error = "UnknownFlow", Cause = "The input must name a deployed flow in `flow`: ${join(", ", sort(keys(local.flow_states)))}." }
        })
      }
      statements = [
        {
          Sid      = "RunFlows"
          Action   = ["sagemaker:AddTags", "sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob", "sagemaker:StopProcessingJob"]
          Resource = ["${local.aws_arn.sagemaker}:processing-job/${var.context.name_prefix}-*"]
        },
        {
          Sid       = "RunFlowsAsTheirRole"
          Action    = ["iam:PassRole"]
          Resource  = [module.processing.role_arn]
          Condition = { StringEquals = { "iam:PassedToService" = "sagemaker.amazonaws.com" } }
        },
        {
          # `.sync` watches jobs through a managed rule with this fixed name.
          Sid      = "WatchProcessingJobs"
          Action   = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
          Resource = ["${local.aws_arn.events}:rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule"]
        },
        {
          # The caller that sets a volume key creates the grant with which SageMaker mounts the volumes.
          Sid      = "GrantVolumeKey"
          Action   = ["kms:CreateGrant"]
          Resource = [var.foundation.kms.models_key_arn]
          Condition = {
            Bool         = { "kms:GrantIsForAWSResource" = "true" }
            StringEquals = { "kms:ViaService" = "sagemaker.${var.context.region}.amazonaws.com" }
          }
        },
        {
          Sid      = "DescribeVolumeKey"
          Action   = ["kms:DescribeKey"]
          Resource = [var.foundation.kms.models_key_arn]
        },
      ]
    }
  }
}

module "fixed_run" {
  source   = "../../modules/fixed_run"
  for_each = local.runs

  context      = var.context
  name         = each.key
  description  = each.value.description
  definition   = jsonencode(each.value.definition)
  statements   = jsonencode(each.value.statements)
  boundary_arn = var.foundation.iam.boundary_arn
  kms_key_arn  = var.foundation.kms.logs_key_arn
}
