"""Map keys of environment files to members of AWS's API, and give a reason for keys without a member.

Pure data. A reference is `service:Operation.Member.Member` in botocore's names; `aws_rules.json` has the rules of AWS's
models for each. Paths of keys have `*` for an entry of a map, `{key}` for its name and `[]` for an entry of a list. A
test requires every key to be in one of the tables: `PLATFORM` and `BLUEPRINT` here, `READERS` in
`orchestrator.config.rules.aws`, or `NO_MEMBER` at the end of this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.config.rules.aws_facts import FACTS, NAMES


@dataclass(frozen=True)
class Member:
    """A member that a key becomes.

    Attributes:
        reference: its place in AWS's models, or in `aws_facts.FACTS`.
        times: factor from the unit of the key to that of AWS: 60 for minutes to seconds.
        text: format in which Terraform writes the value, if AWS expects text.
        kinds, source: the blueprints whose key becomes this member; unset: all.
    """

    reference: str
    times: int = 1
    text: str = ""
    kinds: tuple[str, ...] = ()
    source: str | None = None


_VARIANT = "sagemaker:CreateEndpointConfig.ProductionVariants"
_SHADOW = "sagemaker:CreateEndpointConfig.ShadowProductionVariants"
_TRANSFORM = "sagemaker:CreateTransformJob"
_PROCESSING = "sagemaker:CreateProcessingJob"
_TRAINING = "sagemaker:CreateTrainingJob"
_STUDIO = "sagemaker:CreateDomain.DefaultUserSettings"
_DISK = f"{_STUDIO}.SpaceStorageSettings.DefaultEbsStorageSettings"
_LIFECYCLE = "s3:PutBucketLifecycleConfiguration.LifecycleConfiguration.Rules"
_BLUE_GREEN = "sagemaker:UpdateEndpoint.DeploymentConfig.BlueGreenUpdatePolicy"
_GUARDRAIL = "bedrock:CreateGuardrail"
_CHUNKS = (
    "bedrock-agent:CreateDataSource.vectorIngestionConfiguration.chunkingConfiguration.fixedSizeChunkingConfiguration"
)
_CONVERSE = "bedrock-runtime:Converse.inferenceConfig"
_CAPACITY = "application-autoscaling:RegisterScalableTarget"
_TARGET_VALUE = "application-autoscaling:PutScalingPolicy.TargetTrackingScalingPolicyConfiguration.TargetValue"
_FIXED = ("realtime",)
_HOSTED = ("realtime", "async")

PLATFORM: dict[str, tuple[Member, ...]] = {
    "account_id": (Member("lakeformation:PutDataLakeSettings.CatalogId"),),
    "encryption.rotation_days": (Member("kms:EnableKeyRotation.RotationPeriodInDays"),),
    "encryption.deletion_window_days": (Member("kms:key.PendingWindowInDays"),),
    "storage.raw_expiration_days": (Member(f"{_LIFECYCLE}.Expiration.Days"),),
    "storage.checkpoint_expiration_days": (Member(f"{_LIFECYCLE}.Expiration.Days"),),
    "storage.batch_input_expiration_days": (Member(f"{_LIFECYCLE}.Expiration.Days"),),
    "storage.async_output_glacier_days": (Member(f"{_LIFECYCLE}.Transitions.Days"),),
    "storage.log_glacier_days": (Member(f"{_LIFECYCLE}.Transitions.Days"),),
    "storage.noncurrent_expiration_days": (Member(f"{_LIFECYCLE}.NoncurrentVersionExpiration.NoncurrentDays"),),
    "storage.abort_multipart_days": (Member(f"{_LIFECYCLE}.AbortIncompleteMultipartUpload.DaysAfterInitiation"),),
    "storage.access_log_expiration_days": (Member(f"{_LIFECYCLE}.Expiration.Days"),),
    "images.repositories.*.keep_images": (Member("ecr:lifecycle-policy.countNumber"),),
    "images.repositories.*.untagged_after_days": (Member("ecr:lifecycle-policy.countNumber"),),
    "registry.groups.*.description": (Member("sagemaker:CreateModelPackageGroup.ModelPackageGroupDescription"),),
    "data.etl.worker_type": (Member("glue:CreateJob.WorkerType"),),
    "data.etl.workers": (Member("glue:CreateJob.NumberOfWorkers"),),
    "data.etl.timeout_minutes": (Member("glue:CreateJob.Timeout"),),
    "data.processing.instance_type": (Member(f"{_PROCESSING}.ProcessingResources.ClusterConfig.InstanceType"),),
    "data.processing.volume_gb": (Member(f"{_PROCESSING}.ProcessingResources.ClusterConfig.VolumeSizeInGB"),),
    "data.processing.max_runtime_seconds": (Member(f"{_PROCESSING}.StoppingCondition.MaxRuntimeInSeconds"),),
    "data.athena_bytes_scanned_limit": (Member("athena:CreateWorkGroup.Configuration.BytesScannedCutoffPerQuery"),),
    "data.sources.*.database": (Member("glue:CreateDatabase.DatabaseInput.Name"),),
    "sharing.consumer.admin_arns.[]": (
        Member("lakeformation:PutDataLakeSettings.DataLakeSettings.DataLakeAdmins.DataLakePrincipalIdentifier"),
    ),
    "sharing.consumer.shares.*.producer_account_id": (
        Member("glue:CreateDatabase.DatabaseInput.TargetDatabase.CatalogId"),
    ),
    "sharing.consumer.shares.*.database": (Member("glue:CreateDatabase.DatabaseInput.TargetDatabase.DatabaseName"),),
    "sharing.consumer.shares.*.table": (Member("lakeformation:GrantPermissions.Resource.Table.Name"),),
    "streaming.shards": (Member("kinesis:CreateStream.ShardCount"),),
    "streaming.retention_hours": (Member("kinesis:IncreaseStreamRetentionPeriod.RetentionPeriodHours"),),
    "streaming.buffering_seconds": (
        Member("firehose:CreateDeliveryStream.ExtendedS3DestinationConfiguration.BufferingHints.IntervalInSeconds"),
    ),
    "streaming.columns.[].name": (Member("glue:CreateTable.TableInput.StorageDescriptor.Columns.Name"),),
    "emr.release_label": (Member("emr-serverless:CreateApplication.releaseLabel"),),
    "emr.max_vcpus": (Member("emr-serverless:CreateApplication.maximumCapacity.cpu", text="{} vCPU"),),
    "emr.max_memory_gb": (Member("emr-serverless:CreateApplication.maximumCapacity.memory", text="{} GB"),),
    "emr.idle_minutes": (Member("emr-serverless:CreateApplication.autoStopConfiguration.idleTimeoutMinutes"),),
    "studio.instance_type": (Member(f"{_STUDIO}.JupyterLabAppSettings.DefaultResourceSpec.InstanceType"),),
    "studio.idle_minutes": (
        Member(f"{_STUDIO}.JupyterLabAppSettings.AppLifecycleManagement.IdleSettings.IdleTimeoutInMinutes"),
    ),
    "studio.volume_gb": (Member(f"{_DISK}.DefaultEbsVolumeSizeInGb"),),
    "studio.max_volume_gb": (Member(f"{_DISK}.MaximumEbsVolumeSizeInGb"),),
    "feature_store.timeout_minutes": (Member("glue:CreateJob.Timeout"),),
    "training.instance_type": (Member(f"{_TRAINING}.ResourceConfig.InstanceType"),),
    "training.volume_gb": (Member(f"{_TRAINING}.ResourceConfig.VolumeSizeInGB"),),
    "training.max_runtime_seconds": (Member(f"{_TRAINING}.StoppingCondition.MaxRuntimeInSeconds"),),
    "training.metrics.[]": (Member(f"{_TRAINING}.AlgorithmSpecification.MetricDefinitions.Name"),),
    "training.hyperparameters.{key}": (Member(f"{_TRAINING}.HyperParameters.{{key}}"),),
    "training.hyperparameters.*": (Member(f"{_TRAINING}.HyperParameters.*"),),
    "inference.throttle.rate_per_second": (Member("apigateway:throttle.rateLimit"),),
    "inference.throttle.burst": (Member("apigateway:CreateUsagePlan.throttle.burstLimit"),),
    "inference.quota_per_day": (Member("apigateway:CreateUsagePlan.quota.limit"),),
    "inference.api_keys.*.throttle.rate_per_second": (Member("apigateway:throttle.rateLimit"),),
    "inference.api_keys.*.throttle.burst": (Member("apigateway:CreateUsagePlan.throttle.burstLimit"),),
    "inference.api_keys.*.quota_per_day": (Member("apigateway:CreateUsagePlan.quota.limit"),),
    "inference.auth.cognito.scopes.[]": (Member("cognito-idp:CreateUserPoolClient.AllowedOAuthScopes"),),
    "inference.parquet_layer_arn": (Member("lambda:CreateFunction.Layers"),),
    "monitoring.log_retention_days": (Member("logs:PutRetentionPolicy.retentionInDays"),),
    "monitoring.latency_ms": (Member("cloudwatch:PutMetricAlarm.Threshold"),),
    "monitoring.error_rate_percent": (Member("cloudwatch:PutMetricAlarm.Threshold"),),
    "events.redeploy_state_machine": (Member("stepfunctions:CreateStateMachine.name"),),
    "events.archive_days": (Member("events:CreateArchive.RetentionDays"),),
    "events.retry_minutes": (Member("events:PutTargets.Targets.RetryPolicy.MaximumEventAgeInSeconds", times=60),),
    "events.retry_attempts": (Member("events:PutTargets.Targets.RetryPolicy.MaximumRetryAttempts"),),
    "events.dead_letter_days": (Member("sqs:queue.MessageRetentionPeriod", times=86_400),),
}

BLUEPRINT: dict[str, tuple[Member, ...]] = {
    "model.provisioned.model_units": (Member("bedrock:CreateProvisionedModelThroughput.modelUnits"),),
    "model.provisioned.commitment": (Member("bedrock:CreateProvisionedModelThroughput.commitmentDuration"),),
    "instance_type": (
        Member(f"{_VARIANT}.InstanceType", kinds=_HOSTED, source="sagemaker"),
        Member(f"{_TRANSFORM}.TransformResources.InstanceType", kinds=("batch",), source="sagemaker"),
    ),
    "instance_count": (
        Member(f"{_VARIANT}.InitialInstanceCount", kinds=_FIXED, source="sagemaker"),
        Member(f"{_TRANSFORM}.TransformResources.InstanceCount", kinds=("batch",), source="sagemaker"),
    ),
    "autoscaling.min": (Member(f"{_CAPACITY}.MinCapacity"),),
    "autoscaling.max": (Member(f"{_CAPACITY}.MaxCapacity"),),
    "autoscaling.invocations_per_minute": (Member(_TARGET_VALUE),),
    "weight": (Member(f"{_VARIANT}.InitialVariantWeight"),),
    "variants.{key}": (Member(f"{_VARIANT}.VariantName"),),
    "variants.*.weight": (Member(f"{_VARIANT}.InitialVariantWeight"),),
    "variants.*.instance_type": (Member(f"{_VARIANT}.InstanceType"),),
    "variants.*.instance_count": (Member(f"{_VARIANT}.InitialInstanceCount"),),
    "shadow.sampling_percent": (Member(f"{_SHADOW}.InitialVariantWeight"),),
    "shadow.instance_type": (Member(f"{_SHADOW}.InstanceType"),),
    "shadow.instance_count": (Member(f"{_SHADOW}.InitialInstanceCount"),),
    "multi_model.default": (Member("sagemaker-runtime:InvokeEndpoint.TargetModel"),),
    "containers.others.{key}": (Member("sagemaker:CreateModel.Containers.ContainerHostname"),),
    "data_capture.sampling_percent": (
        Member("sagemaker:CreateEndpointConfig.DataCaptureConfig.InitialSamplingPercentage"),
    ),
    "serverless.memory_mb": (Member(f"{_VARIANT}.ServerlessConfig.MemorySizeInMB"),),
    "serverless.max_concurrency": (Member(f"{_VARIANT}.ServerlessConfig.MaxConcurrency"),),
    "serverless.provisioned_concurrency": (Member(f"{_VARIANT}.ServerlessConfig.ProvisionedConcurrency"),),
    "batch.strategy": (Member(f"{_TRANSFORM}.BatchStrategy"),),
    "batch.max_payload_mb": (Member(f"{_TRANSFORM}.MaxPayloadInMB"),),
    "batch.max_concurrent_transforms": (Member(f"{_TRANSFORM}.MaxConcurrentTransforms"),),
    "batch.timeout_hours": (Member("bedrock:CreateModelInvocationJob.timeoutDurationInHours"),),
    "async.max_concurrency": (
        Member(
            "sagemaker:CreateEndpointConfig.AsyncInferenceConfig.ClientConfig.MaxConcurrentInvocationsPerInstance",
            source="sagemaker",
        ),
        Member("lambda:CreateEventSourceMapping.ScalingConfig.MaximumConcurrency", source="bedrock"),
    ),
    "async.min_instances": (Member(f"{_CAPACITY}.MinCapacity"),),
    "async.max_instances": (Member(f"{_CAPACITY}.MaxCapacity"),),
    "async.backlog_per_instance": (Member(_TARGET_VALUE),),
    "async.ttl_seconds": (Member("sagemaker-runtime:InvokeEndpointAsync.RequestTTLSeconds"),),
    "async.timeout_seconds": (Member("sagemaker-runtime:InvokeEndpointAsync.InvocationTimeoutSeconds"),),
    "async.max_attempts": (Member("sqs:queue.maxReceiveCount"),),
    "rollout.bake_seconds": (Member(f"{_BLUE_GREEN}.TrafficRoutingConfiguration.WaitIntervalInSeconds"),),
    "rollout.keep_old_seconds": (Member(f"{_BLUE_GREEN}.TerminationWaitInSeconds"),),
    "rollout.step_percent": (Member(f"{_BLUE_GREEN}.TrafficRoutingConfiguration.CanarySize.Value"),),
    "guardrail.blocked_input": (Member(f"{_GUARDRAIL}.blockedInputMessaging"),),
    "guardrail.blocked_output": (Member(f"{_GUARDRAIL}.blockedOutputsMessaging"),),
    "guardrail.filters.{key}": (Member(f"{_GUARDRAIL}.contentPolicyConfig.filtersConfig.type"),),
    "guardrail.filters.*": (Member(f"{_GUARDRAIL}.contentPolicyConfig.filtersConfig.inputStrength"),),
    "guardrail.pii.{key}": (Member(f"{_GUARDRAIL}.sensitiveInformationPolicyConfig.piiEntitiesConfig.type"),),
    "guardrail.pii.*": (Member(f"{_GUARDRAIL}.sensitiveInformationPolicyConfig.piiEntitiesConfig.action"),),
    "guardrail.denied_topics.{key}": (Member(f"{_GUARDRAIL}.topicPolicyConfig.topicsConfig.name"),),
    "guardrail.denied_topics.*": (Member(f"{_GUARDRAIL}.topicPolicyConfig.topicsConfig.definition"),),
    "guardrail.words.[]": (Member(f"{_GUARDRAIL}.wordPolicyConfig.wordsConfig.text"),),
    "knowledge_base.description": (Member("bedrock-agent:CreateKnowledgeBase.description"),),
    "knowledge_base.embedding.dimensions": (Member("s3vectors:CreateIndex.dimension"),),
    "knowledge_base.chunks.tokens": (Member(f"{_CHUNKS}.maxTokens"),),
    "knowledge_base.chunks.overlap_percent": (Member(f"{_CHUNKS}.overlapPercentage"),),
    "knowledge_base.results": (
        Member("bedrock-agent-runtime:Retrieve.retrievalConfiguration.vectorSearchConfiguration.numberOfResults"),
    ),
    "agent.instruction": (Member("bedrock-agent:CreateAgent.instruction"),),
    "agent.idle_minutes": (Member("bedrock-agent:CreateAgent.idleSessionTTLInSeconds", times=60),),
    "parameters.max_tokens": (Member(f"{_CONVERSE}.maxTokens", source="bedrock"),),
    "parameters.temperature": (Member(f"{_CONVERSE}.temperature", source="bedrock"),),
    "parameters.top_p": (Member(f"{_CONVERSE}.topP", source="bedrock"),),
    "parameters.stop_sequences": (Member(f"{_CONVERSE}.stopSequences", source="bedrock"),),
}

WHOLE_SECTIONS: dict[str, tuple[Member, ...]] = {
    "training.hyperparameters": (Member(f"{_TRAINING}.HyperParameters"),),
    "guardrail.words": (Member(f"{_GUARDRAIL}.wordPolicyConfig.wordsConfig[]"),),
    "inference.auth.cognito.user_pool_arns": (Member("apigateway:authorizer.providerARNs[]"),),
}
"""Maps and lists whose number of entries AWS limits."""

NO_MEMBER: dict[str, str] = {
    **dict.fromkeys(
        (
            *("protected", "network.isolated_subnets", "network.flow_logs", "network.use_existing.internet_egress"),
            *("encryption.multi_region", "access.require_mfa", "storage.force_destroy", "registry.encrypt_versions"),
            *("data.sample", "streaming.enabled", "emr.enabled", "emr.in_vpc", "efs.enabled", "efs.backups"),
            *("studio.enabled", "feature_store.enabled", "feature_store.online", "training.spot", "inference.auth.iam"),
            *("inference.lambda_in_vpc", "inference.waf", "bedrock.knowledge_bases", "bedrock.agents"),
            *("bedrock.invocation_logging.enabled", "bedrock.invocation_logging.bodies.text"),
            *("bedrock.invocation_logging.bodies.images", "bedrock.invocation_logging.bodies.embeddings"),
            *("bedrock.invocation_logging.bodies.videos", "batch.on_arrival", "async.callback.table"),
            *("permanent", "inference.fixed_size"),
        ),
        "a boolean",
    ),
    **dict.fromkeys(
        (
            *("network.nat", "network.availability_zones", "data.etl.bookmarks", "studio.packages.source"),
            *(
                "training.approval",
                "training.gate.direction",
                "events.completions",
                "approvals.deploy",
                "batch.format",
                "rollout.strategy",
            ),
            *("sharing.consumer.shares.*.readers.[]", "access.persona_principals.{key}", "kind", "model.source"),
            "target",
            "deploy.skip",
            *("containers.mode", "network.flow_log_interval_seconds", "network.flow_log_traffic"),
            "knowledge_base.embedding.model_id",
        ),
        "an enum of this platform: the file's model lists the values, all of which are valid in AWS",
    ),
    **dict.fromkeys(
        (
            *("project", "images.repositories.{key}", "registry.groups.{key}", "name", "model.group"),
            *("containers.others.*.group", "streaming.dataset", "sharing.consumer.shares.{key}"),
            *("inference.api_keys.{key}", "data.sources.{key}"),
        ),
        "part of names: `orchestrator.config.rules.names` checks the complete names at their longest",
    ),
    **dict.fromkeys(
        (
            *("network.use_existing.vpc_id", "network.use_existing.private_subnet_ids.[]"),
            *("network.use_existing.public_subnet_ids.[]", "network.use_existing.isolated_subnet_ids.[]"),
            *("network.use_existing.route_table_ids.[]", "access.organization_id", "images.pull_account_ids.[]"),
            *("registry.consumer_account_ids.[]", "data.sources.*.owner"),
        ),
        "an id of AWS, whose format the file's model has as a pattern",
    ),
    **dict.fromkeys(
        ("tags.{key}", "tags.*"),
        "checked by `orchestrator.config.rules.platform` against the rule of IAM, the narrowest one",
    ),
    "network.cidr": "checked by `orchestrator.config.rules.addresses`: private, /16 to /20, no AWS range",
    "network.interface_endpoints.[]": "checked by `orchestrator.config.rules.platform` against the known endpoints",
    **dict.fromkeys(("owner", "cost_center"), "values of tags; `Name` allows a subset of their characters"),
    **dict.fromkeys(("expires_at", "lifetime_days"), "become the value of a tag, a date"),
    **dict.fromkeys(
        (
            *("data.etl.max_quarantine_share", "data.split_seed", "training.gate.metric", "training.gate.threshold"),
            *("training.gate.above_baseline", "training.gate.above_champion", "training.poll_seconds"),
            *("training.approval_days", "studio.packages.names.[]"),
            *("containers.target", "containers.others.*.version", "variants.*.version", "shadow.version"),
            *(
                "format",
                "batch.column",
                "batch.id",
                "batch.types.{key}",
                "batch.types.*",
                "batch.delimiter",
                "batch.records_per_file",
                "batch.minimum_records",
                "batch.maximum_records",
            ),
            *("batch.prices.instance_usd_per_hour", "batch.prices.usd_per_million_input_tokens"),
            *("batch.prices.usd_per_million_output_tokens", "async.max_input_mb", "async.callback.keep_days"),
            *("routing.share_percent.{key}", "routing.share_percent.*", "routing.fallback.[]", "routing.retries"),
            *("routing.shadow.blueprint", "routing.shadow.percent", "routing.cooldown_seconds"),
            *("routing.timeout_seconds", "limits.max_tokens", "limits.max_inputs", "limits.max_total_tokens"),
            *("inference.api_keys.*.blueprints.[]", "parameters.{key}", "parameters.*"),
        ),
        "used and checked by the platform's own code; no AWS call has it unchanged",
    ),
    **dict.fromkeys(
        (
            "local.port",
            *("limits.parallelism", "smoke.max_latency_ms", "smoke.golden.[].check"),
            *("smoke.golden.[].input", "smoke.golden.[].label", "smoke.golden.[].contains", "smoke.golden.[].value"),
            *("smoke.golden.[].tolerance", "smoke.golden.[].length", "smoke.golden.[].input.[]"),
            *("smoke.golden.[].input.{key}", "smoke.golden.[].input.*", "smoke.golden.[].schema.{key}"),
            "smoke.golden.[].schema.*",
        ),
        "used by the orchestrator only",
    ),
    "async.callback.webhook": "checked by `orchestrator.config.model.async_inference`: a public URL",
}
"""All other keys, with the reason why AWS's models have no rule for them."""


def references() -> Iterator[str]:
    """List all members that are in botocore's models, each once."""
    used = {
        member.reference
        for table in (PLATFORM, BLUEPRINT, WHOLE_SECTIONS)
        for members in table.values()
        for member in members
    }
    yield from sorted((used | set(NAMES.values())) - set(FACTS))
