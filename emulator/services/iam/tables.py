"""Resources of each service's operations, after AWS's "Service Authorization Reference".

A template is the end of an ARN. `{}` stands for the parameter's value, `{Name}` for that of another parameter (a path
leads into structures), `{Name|default}` for one that may be missing. A value that is an ARN is used unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

GLOBAL = ("iam", "sts", "s3")
"""Services whose ARNs name no region."""
PASSING = ("Create", "Update", "Put", "Start", "Register")
"""Prefixes of operations that can pass a role to a service."""
ROLE_PARAMETERS = (
    "RoleArn",
    "roleArn",
    "ExecutionRoleArn",
    "Role",
    "Targets.RoleArn",
    "TrainingJobDefinition.RoleArn",
    "DefaultUserSettings.ExecutionRole",
    "DefaultSpaceSettings.ExecutionRole",
    "UserSettings.ExecutionRole",
)


@dataclass(frozen=True)
class Service:
    """One service. `prefix` begins its actions; `arn_service` its ARNs, if that differs."""

    prefix: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Resources by parameter, for every operation that has the parameter."""
    operations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Resources by operation, where the parameters do not suffice. All of them must be allowed."""
    general: tuple[str, ...] = ()
    """Operations without a resource type."""
    actions: Mapping[str, str] = field(default_factory=dict)
    """Actions by operation, where the names differ."""
    receives_roles_as: str = ""
    arn_service: str = ""
    strips_slash: bool = False


_CATALOG = "catalog"

# A domain's id does not determine the resource of a call inside it.
_STUDIO: dict[str, tuple[str, ...]] = {
    "CreateDomain": ("domain/*",),
    **{operation: ("domain/{DomainId}",) for operation in ("DescribeDomain", "UpdateDomain", "DeleteDomain")},
    **{
        operation: ("user-profile/{DomainId}/{UserProfileName}",)
        for operation in (
            "CreateUserProfile",
            "DescribeUserProfile",
            "UpdateUserProfile",
            "DeleteUserProfile",
            "CreatePresignedDomainUrl",
        )
    },
    **{
        operation: ("space/{DomainId}/{SpaceName}",)
        for operation in ("CreateSpace", "DescribeSpace", "UpdateSpace", "DeleteSpace")
    },
    # Of a space, or of a profile in older Studios; a missing one makes no resource.
    **{
        operation: (
            "app/{DomainId}/{SpaceName}/{AppType}/{AppName}",
            "app/{DomainId}/{UserProfileName}/{AppType}/{AppName}",
        )
        for operation in ("CreateApp", "DescribeApp", "DeleteApp")
    },
}

SERVICES: dict[str, Service] = {
    "application-autoscaling": Service(
        "application-autoscaling",
        {"ResourceId": "scalable-target/{}"},
        general=("Describe*",),
    ),
    "cloudwatch": Service(
        "cloudwatch",
        {"AlarmName": "alarm:{}", "AlarmNames": "alarm:{}", "ResourceARN": "{}"},
        {"DescribeAlarms": ("alarm:{AlarmNames|*}",), "GetDashboard": ("dashboard/{DashboardName}",)},
        general=("PutMetricData", "GetMetric*", "List*"),
    ),
    "dynamodb": Service(
        "dynamodb",
        {"TableName": "table/{}", "ResourceArn": "{}"},
        general=("List*", "DescribeEndpoints", "DescribeLimits"),
    ),
    "ec2": Service("ec2", general=("Describe*",)),
    "ecr": Service("ecr", {"repositoryName": "repository/{}"}, general=("GetAuthorizationToken", "Describe*")),
    "events": Service(
        "events",
        {"ResourceARN": "{}", "Rule": "rule/{}"},
        {
            "PutRule": ("rule/{Name}",),
            "DescribeRule": ("rule/{Name}",),
            "DeleteRule": ("rule/{Name}",),
            "EnableRule": ("rule/{Name}",),
            "DisableRule": ("rule/{Name}",),
            "DescribeEventBus": ("event-bus/{Name|default}",),
        },
        general=("List*",),
        receives_roles_as="events.amazonaws.com",
    ),
    "glue": Service(
        "glue",
        {"JobName": "job/{}", "CrawlerName": "crawler/{}", "ResourceArn": "{}"},
        {
            "GetJob": ("job/{JobName}",),
            "CreateJob": ("job/{Name}",),
            "GetCrawler": ("crawler/{Name}",),
            "StartCrawler": ("crawler/{Name}",),
            "StopCrawler": ("crawler/{Name}",),
            "CreateCrawler": ("crawler/{Name}",),
            "UpdateCrawler": ("crawler/{Name}",),
            "DeleteCrawler": ("crawler/{Name}",),
            "CreateDataQualityRuleset": ("dataQualityRuleset/{Name}",),
            "GetDataQualityRuleset": ("dataQualityRuleset/{Name}",),
            "UpdateDataQualityRuleset": ("dataQualityRuleset/{Name}",),
            "DeleteDataQualityRuleset": ("dataQualityRuleset/{Name}",),
            "StartDataQualityRulesetEvaluationRun": ("dataQualityRuleset/{RulesetNames}",),
            # Requested by their own ids.
            **{
                operation: ("dataQualityRuleset/*",)
                for operation in (
                    "GetDataQualityRulesetEvaluationRun",
                    "CancelDataQualityRulesetEvaluationRun",
                    "GetDataQualityResult",
                    "BatchGetDataQualityResult",
                )
            },
            "GetDatabase": (_CATALOG, "database/{Name}"),
            "GetDatabases": (_CATALOG,),
            "CreateDatabase": (_CATALOG, "database/{DatabaseInput.Name}"),
            "GetTable": (_CATALOG, "database/{DatabaseName}", "table/{DatabaseName}/{Name}"),
            "DeleteTable": (_CATALOG, "database/{DatabaseName}", "table/{DatabaseName}/{Name}"),
            "GetTables": (_CATALOG, "database/{DatabaseName}", "table/{DatabaseName}/*"),
            "CreateTable": (_CATALOG, "database/{DatabaseName}", "table/{DatabaseName}/{TableInput.Name}"),
            "UpdateTable": (_CATALOG, "database/{DatabaseName}", "table/{DatabaseName}/{TableInput.Name}"),
            **{
                operation: (_CATALOG, "database/{DatabaseName}", "table/{DatabaseName}/{TableName}")
                for operation in (
                    "GetPartition",
                    "GetPartitions",
                    "BatchGetPartition",
                    "CreatePartition",
                    "BatchCreatePartition",
                    "UpdatePartition",
                    "BatchUpdatePartition",
                    "DeletePartition",
                    "BatchDeletePartition",
                    "GetTableVersions",
                )
            },
        },
        general=("List*", "GetSecurityConfiguration*", "GetClassifier*", "GetCrawlers", "GetJobs"),
        receives_roles_as="glue.amazonaws.com",
    ),
    "iam": Service(
        "iam",
        {"RoleName": "role/{}", "UserName": "user/{}", "PolicyArn": "{}", "GroupName": "group/{}"},
        {"AttachRolePolicy": ("role/{RoleName}",), "DetachRolePolicy": ("role/{RoleName}",)},
        general=("List*", "GetAccount*"),
    ),
    "lambda": Service(
        "lambda",
        {"FunctionName": "function:{}", "LayerName": "layer:{}"},
        general=("List*", "GetAccountSettings"),
        actions={"Invoke": "InvokeFunction", "InvokeAsync": "InvokeFunction"},
        receives_roles_as="lambda.amazonaws.com",
    ),
    "logs": Service(
        "logs",
        # The stream's name, empty for a call on the group: policies end in `:*` for that.
        {"logGroupName": "log-group:{}:log-stream:", "logGroupNames": "log-group:{}:log-stream:"},
        {
            "PutLogEvents": ("log-group:{logGroupName}:log-stream:{logStreamName}",),
            "GetLogEvents": ("log-group:{logGroupName}:log-stream:{logStreamName}",),
            "DeleteLogStream": ("log-group:{logGroupName}:log-stream:{logStreamName}",),
            "DescribeLogGroups": ("log-group::log-stream:",),
        },
        general=("GetQueryResults", "StopQuery", "DescribeQueries", "*ResourcePolic*", "*LogDeliver*"),
    ),
    "sagemaker": Service(
        "sagemaker",
        {
            "TrainingJobName": "training-job/{}",
            "ProcessingJobName": "processing-job/{}",
            "TransformJobName": "transform-job/{}",
            "HyperParameterTuningJobName": "hyper-parameter-tuning-job/{}",
            "ModelName": "model/{}",
            "EndpointName": "endpoint/{}",
            "EndpointConfigName": "endpoint-config/{}",
            "ModelPackageGroupName": "model-package-group/{}",
            "ModelPackageName": "model-package/{}",
            "ModelPackageArn": "{}",
            "ExperimentName": "experiment/{}",
            "TrialName": "experiment-trial/{}",
            "TrialComponentName": "experiment-trial-component/{}",
            "FeatureGroupName": "feature-group/{}",
            "PipelineName": "pipeline/{}",
            "StudioLifecycleConfigName": "studio-lifecycle-config/{}",
            "ResourceArn": "{}",
        },
        {
            **_STUDIO,
            # A new version's number is not known yet.
            "CreateModelPackage": (
                "model-package-group/{ModelPackageGroupName}",
                "model-package/{ModelPackageGroupName}/*",
                "model-package/{ModelPackageName}",
            ),
            "CreateTransformJob": ("transform-job/{TransformJobName}",),
            "ListModelPackages": ("model-package-group/{ModelPackageGroupName}",),
            "BatchGetRecord": ("feature-group/{Identifiers.FeatureGroupName}",),
            "BatchWriteRecord": ("feature-group/{Entries.FeatureGroupName}",),
        },
        general=("List*", "Search"),
        receives_roles_as="sagemaker.amazonaws.com",
    ),
    "secretsmanager": Service("secretsmanager", {"SecretId": "secret:{}"}, general=("List*", "GetRandomPassword")),
    "sns": Service(
        "sns",
        {"TopicArn": "{}", "TargetArn": "{}", "ResourceArn": "{}", "SubscriptionArn": "{}"},
        {"CreateTopic": ("{Name}",), "Publish": ("{TopicArn}", "{TargetArn}")},
        general=("List*",),
        actions={"PublishBatch": "Publish"},
    ),
    "ssm": Service(
        "ssm",
        {"Name": "parameter/{}", "Names": "parameter/{}", "Path": "parameter/{}"},
        general=("Describe*", "List*"),
        strips_slash=True,
    ),
    "states": Service(
        "states",
        {"stateMachineArn": "{}", "executionArn": "{}", "resourceArn": "{}", "activityArn": "{}"},
        {"CreateStateMachine": ("stateMachine:{name}",), "ValidateStateMachineDefinition": ()},
        general=("List*", "SendTask*"),
        receives_roles_as="states.amazonaws.com",
    ),
    "sts": Service("sts", {"RoleArn": "{}"}, general=("Get*", "DecodeAuthorizationMessage")),
    "xray": Service("xray", general=("Put*", "GetSampling*")),
}

CONDITION_KEYS: dict[str, dict[str, str | tuple[str, ...]]] = {
    "application-autoscaling": {
        "application-autoscaling:service-namespace": "ServiceNamespace",
        "application-autoscaling:scalable-dimension": "ScalableDimension",
    },
    "cloudwatch": {"cloudwatch:namespace": "Namespace"},
    "sagemaker": {
        "sagemaker:VpcSubnets": "VpcConfig.Subnets",
        "sagemaker:VpcSecurityGroupIds": "VpcConfig.SecurityGroupIds",
        "sagemaker:NetworkIsolation": "EnableNetworkIsolation",
        "sagemaker:InterContainerTrafficEncryption": "EnableInterContainerTrafficEncryption",
        "sagemaker:VolumeKmsKey": ("ResourceConfig.VolumeKmsKeyId", "TransformResources.VolumeKmsKeyId"),
        "sagemaker:OutputKmsKey": ("OutputDataConfig.KmsKeyId", "TransformOutput.KmsKeyId"),
        "sagemaker:InstanceTypes": ("ResourceConfig.InstanceType", "TransformResources.InstanceType"),
        "sagemaker:ModelApprovalStatus": "ModelApprovalStatus",
    },
    "sts": {"sts:RoleSessionName": "RoleSessionName", "sts:ExternalId": "ExternalId"},
}
"""By service: condition keys, with the paths of the parameters that set them."""
