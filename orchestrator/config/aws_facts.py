"""What AWS's models leave out: limits that only its documents have, and which resource's name is which member.

Pure data, each fact with its page.
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
"""Names of Terraform's resources, each with the member that it becomes."""

_DOCS = "https://docs.aws.amazon.com"
_GATEWAY_QUOTAS = f"{_DOCS}/apigateway/latest/developerguide/limits.html"
FACTS: dict[str, dict[str, Any]] = {
    # ECR's policy is a JSON document, which the API's model does not look into.
    "ecr:lifecycle-policy.countNumber": {
        "type": "integer",
        "min": 1,
        "source": f"{_DOCS}/AmazonECR/latest/userguide/lifecycle_policy_parameters.html",
    },
    # *Assumed*: an account has 10 000 a second unless AWS raises it; what nobody has been given is a typing error. The
    # provider writes six decimals: what is smaller than the least here would become 0, which lets nobody in.
    "apigateway:throttle.rateLimit": {"type": "double", "min": 0.001, "max": 1_000_000, "source": _GATEWAY_QUOTAS},
    "apigateway:authorizer.providerARNs[]": {"type": "list", "max": 1000, "source": _GATEWAY_QUOTAS},
    "sqs:queue.MessageRetentionPeriod": {
        "type": "integer",
        "min": 60,
        "max": 1_209_600,
        "source": f"{_DOCS}/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
    },
    # Names: the models take ARNs in their place, or say nothing.
    "athena:workgroup.Name": {"max": 128, "source": f"{_DOCS}/athena/latest/APIReference/API_CreateWorkGroup.html"},
    "bedrock-agent:agent.Name": {
        "max": 100,
        "source": f"{_DOCS}/bedrock/latest/APIReference/API_agent_CreateAgent.html",
    },
    "cloudformation:stack.StackName": {
        "max": 128,
        "source": f"{_DOCS}/AWSCloudFormation/latest/APIReference/API_CreateStack.html",
    },
    "cloudwatch:dashboard.DashboardName": {
        "max": 255,
        "source": f"{_DOCS}/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html",
    },
    "dynamodb:table.TableName": {
        "max": 255,
        "source": f"{_DOCS}/amazondynamodb/latest/APIReference/API_CreateTable.html",
    },
    "ec2:security-group.GroupName": {
        "max": 255,
        "source": f"{_DOCS}/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html",
    },
    "lambda:function.FunctionName": {"max": 64, "source": f"{_DOCS}/lambda/latest/api/API_CreateFunction.html"},
    "s3:bucket.Bucket": {"max": 63, "source": f"{_DOCS}/AmazonS3/latest/userguide/bucketnamingrules.html"},
    "sns:topic.Name": {"max": 256, "source": f"{_DOCS}/sns/latest/api/API_CreateTopic.html"},
    "sqs:queue.QueueName": {
        "max": 80,
        "source": f"{_DOCS}/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    },
    "ssm:parameter.Name": {
        "max": 1011,
        "source": f"{_DOCS}/systems-manager/latest/APIReference/API_PutParameter.html",
    },
    "sqs:queue.maxReceiveCount": {
        "type": "integer",
        "min": 1,
        "max": 1000,
        "source": f"{_DOCS}/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html",
    },
}
"""What AWS's documents say and its models leave out, each with the page."""
