"""The requests that an environment leads to, written down from the modules, not from the table of the configuration.

Only what comes from the files is real in them; ids and ARNs of other resources are examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.config.model.platform import Blueprint, Environment

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/one"


@dataclass(frozen=True)
class Request:
    """One call of AWS: `what` is where it comes from."""

    what: str
    service: str
    operation: str
    members: dict[str, Any]


def of(environment: Environment) -> Iterator[Request]:
    """Every request that carries values of the files."""
    for each in (_foundation, _data, _streams, _models, _inference, _events):
        for service, operation, members in each(environment):
            yield Request("platform.yaml", service, operation, members)
    for blueprint in environment.blueprints:
        full_name = f"{environment.name_prefix}-{blueprint.name}"
        source = _sagemaker if blueprint.model.source == "sagemaker" else _bedrock
        for service, operation, members in source(environment, blueprint, full_name):
            yield Request(f"{blueprint.name}.yaml", service, operation, members)


Calls = Iterator[tuple[str, str, dict[str, Any]]]


def _foundation(environment: Environment) -> Calls:
    platform, prefix = environment.platform, environment.name_prefix
    tags = [{"Key": key, "Value": value} for key, value in platform.tags.items()]
    yield "iam", "CreateRole", {"RoleName": f"{prefix}-glue", "AssumeRolePolicyDocument": "{}", "Tags": tags}
    yield "kms", "ScheduleKeyDeletion", {
        "KeyId": "key", "PendingWindowInDays": platform.encryption.deletion_window_days,
    }  # fmt: skip
    yield "kms", "EnableKeyRotation", {"KeyId": "key", "RotationPeriodInDays": platform.encryption.rotation_days}
    yield "kms", "CreateAlias", {"AliasName": f"alias/{prefix}-models", "TargetKeyId": "key"}
    storage = platform.storage
    rules: list[dict[str, Any]] = [
        {"Status": "Enabled", "Expiration": {"Days": days}}
        for days in (
            storage.raw_expiration_days,
            storage.checkpoint_expiration_days,
            storage.batch_input_expiration_days,
            storage.access_log_expiration_days,
        )
    ]
    rules.append(
        {
            "Status": "Enabled",
            "NoncurrentVersionExpiration": {"NoncurrentDays": storage.noncurrent_expiration_days},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": storage.abort_multipart_days},
            "Transitions": [{"Days": storage.async_output_glacier_days}, {"Days": storage.log_glacier_days}],
        }
    )
    bucket = f"{prefix}-data-{ACCOUNT}-{platform.region}"
    yield "s3", "PutBucketLifecycleConfiguration", {"Bucket": bucket, "LifecycleConfiguration": {"Rules": rules}}
    for name in platform.images.repositories:
        yield "ecr", "CreateRepository", {"repositoryName": f"{prefix}/{name}"}


def _data(environment: Environment) -> Calls:
    data, prefix = environment.platform.data, environment.name_prefix
    yield "glue", "CreateJob", {
        "Name": f"{prefix}-reviews-etl", "Role": ROLE, "Command": {}, "WorkerType": data.etl.worker_type,
        "NumberOfWorkers": data.etl.workers, "Timeout": data.etl.timeout_minutes,
    }  # fmt: skip
    ruleset = ", ".join(data.extra_quality_rules) or "RowCount > 0"
    yield "glue", "CreateDataQualityRuleset", {"Name": f"{prefix}-processed-reviews", "Ruleset": f"Rules = [{ruleset}]"}
    yield "athena", "CreateWorkGroup", {
        "Name": f"{prefix}-analytics",
        "Configuration": {"BytesScannedCutoffPerQuery": data.athena_bytes_scanned_limit},
    }  # fmt: skip
    processing = data.processing
    yield "sagemaker", "CreateProcessingJob", {
        "ProcessingJobName": "one", "RoleArn": ROLE, "AppSpecification": {"ImageUri": "image"},
        "ProcessingResources": {"ClusterConfig": {
            "InstanceCount": 1, "InstanceType": processing.instance_type, "VolumeSizeInGB": processing.volume_gb,
        }},
        "StoppingCondition": {"MaxRuntimeInSeconds": processing.max_runtime_seconds},
    }  # fmt: skip
    for source in data.sources.values():
        if source.database is not None:
            yield "glue", "GetTables", {"DatabaseName": source.database}
    consumer = environment.platform.sharing.consumer
    admins = [{"DataLakePrincipalIdentifier": each} for each in consumer.admin_arns]
    yield "lakeformation", "PutDataLakeSettings", {"DataLakeSettings": {"DataLakeAdmins": admins}}
    for name, share in consumer.shares.items():
        link = {"CatalogId": share.producer_account_id, "DatabaseName": share.database}
        yield "glue", "CreateDatabase", {"DatabaseInput": {"Name": f"{prefix}_shared_{name}", "TargetDatabase": link}}


def _streams(environment: Environment) -> Calls:
    streaming, emr, prefix = environment.platform.streaming, environment.platform.emr, environment.name_prefix
    shards = {} if streaming.shards is None else {"ShardCount": streaming.shards}
    if streaming.enabled:
        yield "kinesis", "CreateStream", {"StreamName": f"{prefix}-{streaming.dataset}", **shards}
    yield "kinesis", "IncreaseStreamRetentionPeriod", {"RetentionPeriodHours": streaming.retention_hours}
    columns = [{"Name": each.name, "Type": each.type} for each in streaming.columns]
    yield "glue", "CreateTable", {
        "DatabaseName": "raw", "TableInput": {"Name": "stream", "StorageDescriptor": {"Columns": columns}},
    }  # fmt: skip
    yield "firehose", "CreateDeliveryStream", {
        "DeliveryStreamName": "one",
        "ExtendedS3DestinationConfiguration": {
            "RoleARN": ROLE, "BucketARN": "arn:aws:s3:::one",
            "BufferingHints": {"IntervalInSeconds": streaming.buffering_seconds},
        },
    }  # fmt: skip
    yield "emr-serverless", "CreateApplication", {
        "releaseLabel": emr.release_label, "type": "SPARK", "clientToken": "one",
        "maximumCapacity": {"cpu": f"{emr.max_vcpus} vCPU", "memory": f"{emr.max_memory_gb} GB"},
        "autoStopConfiguration": {"idleTimeoutMinutes": emr.idle_minutes},
    }  # fmt: skip


def _models(environment: Environment) -> Calls:
    platform, prefix = environment.platform, environment.name_prefix
    for name, group in platform.registry.groups.items():
        yield "sagemaker", "CreateModelPackageGroup", {
            "ModelPackageGroupName": f"{prefix}-{name}", "ModelPackageGroupDescription": group.description,
        }  # fmt: skip
    training = platform.training
    yield "sagemaker", "CreateTrainingJob", {
        "TrainingJobName": f"{prefix}-{'r' * 24}", "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://one/artifacts"},
        "HyperParameters": dict(training.hyperparameters),
        "ResourceConfig": {
            "InstanceType": training.instance_type, "InstanceCount": 1, "VolumeSizeInGB": training.volume_gb,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": training.max_runtime_seconds},
    }  # fmt: skip
    studio = platform.studio
    yield "sagemaker", "CreateDomain", {
        "DomainName": f"{prefix}-studio", "AuthMode": "IAM",
        "DefaultUserSettings": {
            "JupyterLabAppSettings": {
                "DefaultResourceSpec": {"InstanceType": studio.instance_type},
                "AppLifecycleManagement": {"IdleSettings": {"IdleTimeoutInMinutes": studio.idle_minutes}},
            },
            "SpaceStorageSettings": {"DefaultEbsStorageSettings": {
                "DefaultEbsVolumeSizeInGb": studio.volume_gb, "MaximumEbsVolumeSizeInGb": studio.max_volume_gb,
            }},
        },
    }  # fmt: skip
    minutes = platform.feature_store.timeout_minutes
    yield "glue", "CreateJob", {"Name": f"{prefix}-feature-ingestion", "Role": ROLE, "Command": {}, "Timeout": minutes}


def _inference(environment: Environment) -> Calls:
    inference, prefix = environment.platform.inference, environment.name_prefix
    plans = [("default", inference.throttle, inference.quota_per_day)]
    for name, key in inference.api_keys.items():
        plans.append((name, key.throttle or inference.throttle, key.quota_per_day or inference.quota_per_day))
    for name, throttle, quota in plans:
        yield "apigateway", "CreateUsagePlan", {
            "name": f"{prefix}-inference-{name}",
            "throttle": {"rateLimit": throttle.rate_per_second, "burstLimit": throttle.burst},
            "quota": {"limit": quota, "period": "DAY"},
        }  # fmt: skip
    if inference.waf:
        statement = {
            "RateBasedStatement": {
                "AggregateKeyType": "IP",
                "Limit": max(10, round(inference.throttle.rate_per_second * 300)),
            }
        }
        visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "one"}
        rule = {"Name": "rate", "Priority": 1, "Statement": statement, "VisibilityConfig": visible}
        yield "wafv2", "CreateWebACL", {
            "Name": f"{prefix}-inference", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}},
            "VisibilityConfig": visible, "Rules": [rule],
        }  # fmt: skip
    if inference.parquet_layer_arn is not None:
        yield "lambda", "CreateFunction", {
            "FunctionName": "one", "Role": ROLE, "Code": {}, "Layers": [inference.parquet_layer_arn],
        }  # fmt: skip
    if inference.auth.cognito:
        yield "cognito-idp", "CreateUserPoolClient", {
            "UserPoolId": "us-east-1_abc", "ClientName": "one", "AllowedOAuthScopes": inference.auth.cognito.scopes,
        }  # fmt: skip


def _events(environment: Environment) -> Calls:
    events, monitoring, prefix = environment.platform.events, environment.platform.monitoring, environment.name_prefix
    if events.archive_days:
        yield "events", "CreateArchive", {
            "ArchiveName": f"{prefix}-services", "EventSourceArn": "arn:aws:events:us-east-1:123456789012:event-bus/x",
            "RetentionDays": events.archive_days,
        }  # fmt: skip
    retry = {
        "MaximumEventAgeInSeconds": events.retry_minutes * 60,
        "MaximumRetryAttempts": events.retry_attempts,
    }
    target = {"Id": "one", "Arn": "arn:aws:sns:us-east-1:123456789012:one", "RetryPolicy": retry}
    yield "events", "PutTargets", {"Rule": "one", "Targets": [target]}
    for threshold in (monitoring.latency_ms, monitoring.error_rate_percent):
        yield "cloudwatch", "PutMetricAlarm", {
            "AlarmName": f"{prefix}-api-latency", "EvaluationPeriods": 1, "Threshold": float(threshold),
            "ComparisonOperator": "GreaterThanThreshold",
        }  # fmt: skip
    yield "logs", "PutRetentionPolicy", {
        "logGroupName": f"/aws/lambda/{prefix}-router", "retentionInDays": monitoring.log_retention_days,
    }  # fmt: skip
    if events.redeploy_state_machine:
        name = f"{prefix}-{events.redeploy_state_machine}"
        yield "stepfunctions", "CreateStateMachine", {"name": name, "definition": "{}", "roleArn": ROLE}


def _sagemaker(environment: Environment, blueprint: Blueprint, full_name: str) -> Calls:
    if blueprint.kind == "batch":
        yield from _transform(blueprint, full_name)
        return
    primary: dict[str, Any] = {"VariantName": "primary", "ModelName": f"{full_name}-00000000-v9999"}
    if blueprint.kind == "serverless":
        sizes = blueprint.serverless
        if sizes:
            primary["ServerlessConfig"] = {"MemorySizeInMB": sizes.memory_mb, "MaxConcurrency": sizes.max_concurrency}
    else:
        primary |= {"InstanceType": blueprint.instance_type, "InitialInstanceCount": blueprint.instance_count}
        primary["InitialVariantWeight"] = float(blueprint.weight)
    variants = [primary]
    for name, each in blueprint.variants.items():
        variants.append(
            {
                "VariantName": name,
                "ModelName": "one",
                "InstanceType": each.instance_type,
                "InitialInstanceCount": each.instance_count,
                "InitialVariantWeight": float(each.weight),
            }
        )
    config: dict[str, Any] = {"EndpointConfigName": f"{full_name}-00000000-v9999", "ProductionVariants": variants}
    if blueprint.shadow:
        config["ShadowProductionVariants"] = [
            {
                "VariantName": "shadow",
                "InstanceType": blueprint.shadow.instance_type,
                "InitialInstanceCount": blueprint.shadow.instance_count,
            }
        ]
    if blueprint.data_capture:
        config["DataCaptureConfig"] = {
            "InitialSamplingPercentage": blueprint.data_capture.sampling_percent,
            "DestinationS3Uri": "s3://one/x",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        }
    if blueprint.async_:
        config["AsyncInferenceConfig"] = {
            "OutputConfig": {},
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": blueprint.async_.max_concurrency},
        }
        yield from _scaling(blueprint.async_.min_instances, blueprint.async_.max_instances)
    yield "sagemaker", "CreateEndpointConfig", config
    yield from _beside_endpoint(blueprint, full_name)


def _beside_endpoint(blueprint: Blueprint, full_name: str) -> Calls:
    if blueprint.autoscaling:
        yield from _scaling(blueprint.autoscaling.min, blueprint.autoscaling.max)
    if blueprint.containers:
        containers = [{"ContainerHostname": name} for name in blueprint.containers.others]
        yield "sagemaker", "CreateModel", {"ModelName": full_name, "Containers": containers}
    if blueprint.multi_model:
        yield "sagemaker-runtime", "InvokeEndpoint", {
            "EndpointName": full_name, "Body": b"", "TargetModel": blueprint.multi_model.default,
        }  # fmt: skip
    rollout = blueprint.rollout
    routing: dict[str, Any] = {"Type": rollout.strategy.upper(), "WaitIntervalInSeconds": rollout.bake_seconds}
    if rollout.strategy == "canary":
        routing["CanarySize"] = {"Type": "CAPACITY_PERCENT", "Value": rollout.step_percent}
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": rollout.keep_old_seconds}
    yield "sagemaker", "UpdateEndpoint", {
        "EndpointName": full_name, "EndpointConfigName": f"{full_name}-00000000-v9999",
        "DeploymentConfig": {"BlueGreenUpdatePolicy": policy},
    }  # fmt: skip


def _scaling(least: int, most: int) -> Calls:
    yield "application-autoscaling", "RegisterScalableTarget", {
        "ServiceNamespace": "sagemaker", "ResourceId": "endpoint/one/variant/primary",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount", "MinCapacity": least, "MaxCapacity": most,
    }  # fmt: skip


def _transform(blueprint: Blueprint, full_name: str) -> Calls:
    batch = blueprint.batch
    optional: dict[str, Any] = {}
    if batch:
        optional = {
            "BatchStrategy": batch.strategy,
            "MaxPayloadInMB": batch.max_payload_mb,
            "MaxConcurrentTransforms": batch.max_concurrent_transforms,
        }
        if batch.schedule:
            yield "events", "PutRule", {"Name": f"{full_name}-schedule", "ScheduleExpression": batch.schedule}
    yield "sagemaker", "CreateTransformJob", {
        "TransformJobName": f"{full_name}-0123456789ab-9-999", "ModelName": full_name,
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://one/x"}}},
        "TransformOutput": {"S3OutputPath": "s3://one/y"},
        "TransformResources": {
            "InstanceType": blueprint.instance_type, "InstanceCount": blueprint.instance_count,
        },
        **optional,
    }  # fmt: skip


def _bedrock(environment: Environment, blueprint: Blueprint, full_name: str) -> Calls:
    model: Any = blueprint.model
    arn = model.model_id
    if not arn.startswith("arn:"):
        arn = f"arn:aws:bedrock:{environment.platform.region}::foundation-model/{model.model_id}"
        yield "bedrock", "CreateInferenceProfile", {
            "inferenceProfileName": full_name, "modelSource": {"copyFrom": arn},
        }  # fmt: skip
    if model.provisioned:
        yield "bedrock", "CreateProvisionedModelThroughput", {
            "provisionedModelName": full_name, "modelId": arn, "modelUnits": model.provisioned.model_units,
        }  # fmt: skip
    if blueprint.kind == "batch":
        yield "bedrock", "CreateModelInvocationJob", {
            "jobName": full_name, "roleArn": ROLE, "modelId": model.model_id,
            "inputDataConfig": {"s3InputDataConfig": {"s3Uri": "s3://one/x"}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://one/y"}},
            "timeoutDurationInHours": blueprint.batch.timeout_hours if blueprint.batch else 24,
        }  # fmt: skip
        if blueprint.batch and blueprint.batch.schedule:
            yield "events", "PutRule", {"Name": f"{full_name}-x", "ScheduleExpression": blueprint.batch.schedule}
    names = {"max_tokens": "maxTokens", "temperature": "temperature", "top_p": "topP"}
    inference: dict[str, Any] = {names[key]: value for key, value in blueprint.parameters.items() if key in names}
    if "stop_sequences" in blueprint.parameters:
        inference["stopSequences"] = [blueprint.parameters["stop_sequences"]]
    yield "bedrock-runtime", "Converse", {"modelId": model.model_id, "inferenceConfig": inference}
    if blueprint.guardrail:
        yield "bedrock", "CreateGuardrail", _guardrail(blueprint, full_name)
    if blueprint.knowledge_base:
        yield "bedrock-agent", "CreateKnowledgeBase", {
            "name": full_name, "roleArn": ROLE, "description": blueprint.knowledge_base.description,
            "knowledgeBaseConfiguration": {"type": "VECTOR"},
        }  # fmt: skip
    if blueprint.agent:
        yield "bedrock-agent", "CreateAgent", {
            "agentName": full_name, "instruction": blueprint.agent.instruction,
            "idleSessionTTLInSeconds": blueprint.agent.idle_minutes * 60,
        }  # fmt: skip
    if blueprint.async_:
        yield "lambda", "CreateEventSourceMapping", {
            "FunctionName": "one", "ScalingConfig": {"MaximumConcurrency": blueprint.async_.max_concurrency},
        }  # fmt: skip


def _guardrail(blueprint: Blueprint, full_name: str) -> dict[str, Any]:
    guardrail = blueprint.guardrail
    assert guardrail is not None
    filters = [
        {"type": kind, "inputStrength": strength, "outputStrength": "NONE"}
        for kind, strength in guardrail.filters.items()
    ]
    entities = [{"type": kind, "action": action} for kind, action in guardrail.pii.items()]
    topics = [{"name": name, "definition": text, "type": "DENY"} for name, text in guardrail.denied_topics.items()]
    made: dict[str, Any] = {
        "name": full_name,
        "blockedInputMessaging": guardrail.blocked_input,
        "blockedOutputsMessaging": guardrail.blocked_output,
    }
    if filters:
        made["contentPolicyConfig"] = {"filtersConfig": filters}
    if entities:
        made["sensitiveInformationPolicyConfig"] = {"piiEntitiesConfig": entities}
    if topics:
        made["topicPolicyConfig"] = {"topicsConfig": topics}
    if guardrail.words:
        made["wordPolicyConfig"] = {"wordsConfig": [{"text": each} for each in guardrail.words]}
    return made
