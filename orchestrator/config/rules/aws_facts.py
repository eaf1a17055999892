"""Limits that AWS's models lack but its documentation has, and the members that names of resources become.

Pure data. Each fact has its page and how it was verified:
- `says`: a quotation from botocore's documentation of the member, which is the text of the page; `tooling.aws.rules`
  and a test search for it in the installed botocore
- neither: the page itself was read
- `assumed`: no page of AWS states it, with the reason why it is enforced anyway
"""

from __future__ import annotations

from typing import Any

_SAGEMAKER_NAMES = {
    "aws_sagemaker_domain": "CreateDomain.DomainName",
    "aws_sagemaker_endpoint": "CreateEndpoint.EndpointName",
    "aws_sagemaker_endpoint_configuration": "CreateEndpointConfig.EndpointConfigName",
    "aws_sagemaker_feature_group": "CreateFeatureGroup.FeatureGroupName",
    "aws_sagemaker_model": "CreateModel.ModelName",
    "aws_sagemaker_model_package_group": "CreateModelPackageGroup.ModelPackageGroupName",
    "aws_sagemaker_studio_lifecycle_config": "CreateStudioLifecycleConfig.StudioLifecycleConfigName",
    "aws_sagemaker_user_profile": "CreateUserProfile.UserProfileName",
}
NAMES: dict[str, str] = {
    **{kind: f"sagemaker:{member}" for kind, member in _SAGEMAKER_NAMES.items()},
    "aws_appautoscaling_policy": "application-autoscaling:PutScalingPolicy.PolicyName",
    "aws_athena_workgroup": "athena:workgroup.Name",
    "aws_bedrock_guardrail": "bedrock:CreateGuardrail.name",
    "aws_bedrock_inference_profile": "bedrock:CreateInferenceProfile.inferenceProfileName",
    "aws_bedrock_provisioned_model_throughput": "bedrock:CreateProvisionedModelThroughput.provisionedModelName",
    "aws_bedrockagent_agent": "bedrock-agent:agent.Name",
    "aws_cloudformation_stack": "cloudformation:stack.StackName",
    "aws_cloudwatch_dashboard": "cloudwatch:dashboard.DashboardName",
    "aws_cloudwatch_event_archive": "events:CreateArchive.ArchiveName",
    "aws_cloudwatch_event_bus": "events:CreateEventBus.Name",
    "aws_cloudwatch_event_rule": "events:PutRule.Name",
    "aws_cloudwatch_log_group": "logs:CreateLogGroup.logGroupName",
    "aws_cloudwatch_log_metric_filter": "logs:PutMetricFilter.filterName",
    "aws_cloudwatch_metric_alarm": "cloudwatch:PutMetricAlarm.AlarmName",
    "aws_cloudwatch_query_definition": "logs:PutQueryDefinition.name",
    "aws_dynamodb_table": "dynamodb:table.TableName",
    "aws_ecr_repository": "ecr:CreateRepository.repositoryName",
    "aws_efs_file_system": "efs:CreateFileSystem.CreationToken",
    "aws_emrserverless_application": "emr-serverless:CreateApplication.name",
    "aws_glue_catalog_database": "glue:CreateDatabase.DatabaseInput.Name",
    "aws_glue_catalog_table": "glue:CreateTable.TableInput.Name",
    "aws_glue_crawler": "glue:CreateCrawler.Name",
    "aws_glue_data_quality_ruleset": "glue:CreateDataQualityRuleset.Name",
    "aws_glue_job": "glue:CreateJob.Name",
    "aws_glue_registry": "glue:CreateRegistry.RegistryName",
    "aws_glue_schema": "glue:CreateSchema.SchemaName",
    "aws_glue_security_configuration": "glue:CreateSecurityConfiguration.Name",
    "aws_glue_trigger": "glue:CreateTrigger.Name",
    "aws_glue_workflow": "glue:CreateWorkflow.Name",
    "aws_iam_policy": "iam:CreatePolicy.PolicyName",
    "aws_iam_role": "iam:CreateRole.RoleName",
    "aws_iam_role_policy": "iam:PutRolePolicy.PolicyName",
    "aws_kinesis_firehose_delivery_stream": "firehose:CreateDeliveryStream.DeliveryStreamName",
    "aws_kinesis_stream": "kinesis:CreateStream.StreamName",
    "aws_kms_alias": "kms:CreateAlias.AliasName",
    "aws_lambda_function": "lambda:function.FunctionName",
    "aws_s3_bucket": "s3:bucket.Bucket",
    "aws_security_group": "ec2:security-group.GroupName",
    "aws_sfn_state_machine": "stepfunctions:CreateStateMachine.name",
    "aws_sns_topic": "sns:topic.Name",
    "aws_sqs_queue": "sqs:queue.QueueName",
    "aws_ssm_parameter": "ssm:parameter.Name",
    "aws_wafv2_web_acl": "wafv2:CreateWebACL.Name",
}
"""Terraform resources, each with the member that its name becomes."""

_DOCS = "https://docs.aws.amazon.com"
_QUEUE = f"{_DOCS}/AWSSimpleQueueService/latest/APIReference"
FACTS: dict[str, dict[str, Any]] = {
    # The model has 1 to 365.
    "kms:key.PendingWindowInDays": {
        "type": "integer",
        "min": 7,
        "max": 30,
        "source": f"{_DOCS}/kms/latest/APIReference/API_ScheduleKeyDeletion.html",
        "says": ("kms:ScheduleKeyDeletion.PendingWindowInDays", "between 7 and 30, inclusive"),
    },
    # ECR's policy is a JSON document, whose contents the API's model does not describe.
    "ecr:lifecycle-policy.countNumber": {
        "type": "integer",
        "min": 1,
        "source": f"{_DOCS}/AmazonECR/latest/userguide/lifecycle_policy_parameters.html",
    },
    "apigateway:throttle.rateLimit": {
        "type": "double",
        "min": 0.001,
        "max": 1_000_000,
        "source": f"{_DOCS}/apigateway/latest/developerguide/limits.html",
        "assumed": "an account has 10 000 a second until AWS raises it, and no page states a maximum; Terraform writes "
        "six decimals, so that a smaller value would become 0, which rejects all requests",
    },
    "apigateway:authorizer.providerARNs[]": {
        "type": "list",
        "max": 1000,
        "source": f"{_DOCS}/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html",
        "assumed": "third parties cite 1000 pools; AWS's table of quotas, as far as readable, does not list them",
    },
    "sqs:queue.MessageRetentionPeriod": {
        "type": "integer",
        "min": 60,
        "max": 1_209_600,
        "source": f"{_QUEUE}/API_SetQueueAttributes.html",
        "says": ("sqs:SetQueueAttributes.Attributes", "from 60 (1 minute) to 1,209,600 (14 days)"),
    },
    "sqs:queue.maxReceiveCount": {
        "type": "integer",
        "min": 1,
        "max": 1000,
        "source": "https://aws.github.io/modern-data-architecture-accelerator/typedocs/interfaces/"
        "_aws-mdaa_dataops-lambda-l3-construct.QueueDlqProps.html",
        "assumed": "SQS's documentation gives no range; its error message does, as several emulators quote it (`valid "
        "values are from 1 to 1000 both inclusive`), and so does AWS's accelerator",
    },
    # Names: the models accept ARNs instead, have only a pattern, or no limit.
    "athena:workgroup.Name": {
        "max": 128,
        "source": f"{_DOCS}/athena/latest/APIReference/API_CreateWorkGroup.html",
        "says": ("athena:CreateWorkGroup.Name", "[a-zA-Z0-9._-]{1,128}"),
    },
    "bedrock-agent:agent.Name": {
        "max": 100,
        "source": f"{_DOCS}/bedrock/latest/APIReference/API_agent_CreateAgent.html",
        "says": ("bedrock-agent:CreateAgent.agentName", "([0-9a-zA-Z][_-]?){1,100}"),
        "assumed": "the pattern counts a letter and the hyphen after it as one, so AWS may accept up to 200",
    },
    "cloudformation:stack.StackName": {
        "max": 128,
        "source": f"{_DOCS}/AWSCloudFormation/latest/APIReference/API_CreateStack.html",
        "says": ("cloudformation:CreateStack.StackName", "can't be longer than 128 characters"),
    },
    "cloudwatch:dashboard.DashboardName": {
        "max": 255,
        "source": f"{_DOCS}/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html",
        "says": ("cloudwatch:PutDashboard.DashboardName", "The maximum length is 255"),
    },
    "dynamodb:table.TableName": {
        "min": 3,
        "max": 255,
        "source": f"{_DOCS}/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html",
    },
    "ec2:security-group.GroupName": {
        "max": 255,
        "source": f"{_DOCS}/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html",
        "says": ("ec2:CreateSecurityGroup.GroupName", "Up to 255 characters in length"),
    },
    "lambda:function.FunctionName": {
        "max": 64,
        "source": f"{_DOCS}/lambda/latest/api/API_CreateFunction.html",
        "says": ("lambda:CreateFunction.FunctionName", "limited to 64 characters in length"),
    },
    "s3:bucket.Bucket": {
        "min": 3,
        "max": 63,
        "source": f"{_DOCS}/AmazonS3/latest/userguide/bucketnamingrules.html",
    },
    "sns:topic.Name": {
        "max": 256,
        "source": f"{_DOCS}/sns/latest/api/API_CreateTopic.html",
        "says": ("sns:CreateTopic.Name", "between 1 and 256 characters long"),
    },
    "sqs:queue.QueueName": {
        "max": 80,
        "source": f"{_QUEUE}/API_CreateQueue.html",
        "says": ("sqs:CreateQueue.QueueName", "A queue name can have up to 80 characters"),
    },
    # 1011 with the ARN before it, whose longest is arn:aws-iso-f:ssm:us-isof-south-1:123456789012:parameter/.
    "ssm:parameter.Name": {
        "max": 1011 - 57,
        "source": f"{_DOCS}/systems-manager/latest/APIReference/API_PutParameter.html",
        "says": ("ssm:PutParameter.Name", "This count of 1011 characters includes the characters in the ARN"),
    },
}
"""Limits from AWS's documentation that its models lack, each with its page."""
