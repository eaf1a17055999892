"""Faults of what keeps data and of what is done with it; see `outside.py`."""

from __future__ import annotations

from typing import Any

from tests.policies.outside_subject import KEY, Json, checkov, kics, ours, subject, trivy
from tests.policies.spellings import block

BLOCKED = dict.fromkeys(
    ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
)


def _lifecycle(**changed: Any) -> Json:
    rule = {
        "id": "tidy",
        "status": "Enabled",
        "noncurrent_version_expiration": block(noncurrent_days=20),
        "abort_incomplete_multipart_upload": block(days_after_initiation=2),
        **changed,
    }
    return {"rule": block(**{name: value for name, value in rule.items() if value is not None})}


def _encrypted(**key: Any) -> Json:
    return {"rule": block(bucket_key_enabled=True, apply_server_side_encryption_by_default=block(**key))}


def _modes(cloudwatch: Json, bookmarks: Json, s3: Json) -> Json:
    inner = block(
        cloudwatch_encryption=block(**cloudwatch),
        job_bookmarks_encryption=block(**bookmarks),
        s3_encryption=block(**s3),
    )
    return {"encryption_configuration": inner}


LOGS = {"cloudwatch_encryption_mode": "SSE-KMS", "kms_key_arn": KEY}
MARKS = {"job_bookmarks_encryption_mode": "CSE-KMS", "kms_key_arn": KEY}
FILES = {"s3_encryption_mode": "SSE-KMS", "kms_key_arn": KEY}


def _catalog(passwords: Json, rest: Json) -> Json:
    inner = block(connection_password_encryption=block(**passwords), encryption_at_rest=block(**rest))
    return {"data_catalog_encryption_settings": inner}


PASSWORDS = {"aws_kms_key_id": KEY, "return_connection_password_encrypted": True}
REST = {"catalog_encryption_mode": "SSE-KMS", "sse_aws_kms_key_id": KEY}


def _workgroup(enforced: bool, result: Json) -> Json:
    configuration = block(
        enforce_workgroup_configuration=enforced,
        bytes_scanned_cutoff_per_query=50000000,
        result_configuration=block(output_location="s3://results/a/", expected_bucket_owner="210987654321", **result),
    )
    return {"name": "analysts", "configuration": configuration}


RESULTS = {"encryption_configuration": block(encryption_option="SSE_KMS", kms_key_arn=KEY)}
POINT = {"file_system_id": "fs-1", "root_directory": block(path="/team"), "posix_user": block(gid=900, uid=901)}
STREAM = {"name": "clicks", "shard_count": 1, "encryption_type": "KMS", "kms_key_id": KEY}


def _hose(**encryption: Any) -> Json:
    sse = {"server_side_encryption": block(**encryption)} if encryption else {}
    return {"name": "hose", "destination": "extended_s3", **sse}


def _monitoring(output: Json, volume: Json, network: Json) -> Json:
    machine = {"instance_count": 1, "instance_type": "ml.m5.large", "volume_size_in_gb": 9}
    return {
        "name": "quality",
        "role_arn": "arn:aws:iam::210987654321:role/monitor",
        "data_quality_job_output_config": block(
            **output, monitoring_outputs=block(s3_output=block(s3_uri="s3://reports/q"))
        ),
        "job_resources": block(cluster_config=block(**machine, **volume)),
        "network_config": block(**network),
    }


OUTPUT, VOLUME = {"kms_key_id": KEY}, {"volume_kms_key_id": KEY}
INSIDE = {"enable_inter_container_traffic_encryption": True, "enable_network_isolation": True}
VARIANT = block(variant_name="v", model_name="m", initial_instance_count=1, instance_type="ml.m5.large")
NOTEBOOK = {
    "name": "lab",
    "instance_type": "ml.t3.medium",
    "kms_key_id": KEY,
    "direct_internet_access": "Disabled",
    "root_access": "Disabled",
    "subnet_id": "subnet-7",
    "security_groups": ["sg-7"],
    "instance_metadata_service_configuration": block(minimum_instance_metadata_service_version="2"),
}
DOMAIN = {
    "domain_name": "lab",
    "auth_mode": "IAM",
    "vpc_id": "vpc-7",
    "subnet_ids": ["subnet-7"],
    "kms_key_id": KEY,
    "app_network_access_type": "VpcOnly",
    "default_user_settings": block(execution_role="arn:aws:iam::210987654321:role/lab", security_groups=["sg-7"]),
}
MODEL = {
    "execution_role_arn": "arn:aws:iam::210987654321:role/serve",
    "enable_network_isolation": True,
    "vpc_config": block(subnets=["subnet-7"], security_group_ids=["sg-7"]),
    "primary_container": block(image="210987654321.dkr.ecr.eu-central-1.amazonaws.com/serve:3"),
}
TABLE = {
    "name": "features",
    "hash_key": "id",
    "billing_mode": "PAY_PER_REQUEST",
    "server_side_encryption": block(enabled=True, kms_key_arn=KEY),
    "point_in_time_recovery": block(enabled=True),
    "deletion_protection_enabled": True,
}
REPOSITORY = {
    "name": "serve",
    "image_tag_mutability": "IMMUTABLE",
    "image_scanning_configuration": block(scan_on_push=True),
    "encryption_configuration": block(encryption_type="KMS", kms_key=KEY),
}

SUBJECTS = [
    subject(
        "aws_s3_bucket_public_access_block",
        {"bucket": "records", **BLOCKED},
        trivy("s3/block_public_acls", block_public_acls=False),
        trivy("s3/block_public_acls", block_public_acls=None),
        trivy("s3/block_public_policy", block_public_policy=False),
        trivy("s3/block_public_policy", block_public_policy=None),
        trivy("s3/ignore_public_acls", ignore_public_acls=False),
        trivy("s3/ignore_public_acls", ignore_public_acls=None),
        trivy("s3/no_public_buckets", restrict_public_buckets=False),
        ours(restrict_public_buckets="false"),
    ),
    subject(
        "aws_s3_bucket_server_side_encryption_configuration",
        {**_encrypted(sse_algorithm="aws:kms", kms_master_key_id=KEY)},
        trivy("s3/encryption_customer_key", **_encrypted(sse_algorithm="AES256")),
        ours(**_encrypted(sse_algorithm="aws:kms")),
        ours(**_encrypted(sse_algorithm="aws:kms", kms_master_key_id="alias/aws/s3")),
        of="aws_s3_bucket",
    ),
    subject(
        "aws_s3_bucket_lifecycle_configuration",
        {"bucket": "records", **_lifecycle()},
        checkov("S3AbortIncompleteUploads", **_lifecycle(abort_incomplete_multipart_upload=None)),
        checkov("S3AbortIncompleteUploads", **_lifecycle(status="Disabled")),
        checkov("S3AbortIncompleteUploads", **_lifecycle(filter=block(prefix="only/these/"))),
    ),
    subject(
        "aws_s3_object",
        {"bucket": "records", "key": "a", "kms_key_id": KEY},
        checkov("S3BucketObjectEncryptedWithCMK/aws_s3_bucket_object.tf", kms_key_id=None),
    ),
    subject(
        "aws_s3_object_copy",
        {"bucket": "records", "key": "a", "source": "b/a", "kms_key_id": KEY},
        checkov("S3ObjectCopyEncryptedWithCMK/aws_s3_object_copy.tf", kms_key_id=None),
    ),
    subject(
        "aws_kms_key",
        {"description": "records", "enable_key_rotation": True},
        checkov("KMSRotation", enable_key_rotation=False),
        checkov("KMSRotation", enable_key_rotation=None),
        ours(enable_key_rotation="false"),
        checkov("KMSKeyIsEnabled", is_enabled=False),
    ),
    subject(
        "aws_sqs_queue",
        {"name": "jobs", "kms_master_key_id": KEY},
        checkov("SQSQueueEncryption", kms_master_key_id=None),
        checkov("SQSQueueEncryption", kms_master_key_id=None, sqs_managed_sse_enabled=False),
        checkov("SQSQueueEncryption", kms_master_key_id=""),
        trivy("sqs/queue_encryption_with_cmk", kms_master_key_id="alias/aws/sqs"),
        ours(kms_master_key_id=None, sqs_managed_sse_enabled=True),
    ),
    subject(
        "aws_sns_topic",
        {"name": "news", "kms_master_key_id": KEY},
        checkov("SNSTopicEncryption", kms_master_key_id=None),
        ours(kms_master_key_id=""),
        trivy("sns/topic_encryption_with_cmk", kms_master_key_id="alias/aws/sns"),
    ),
    subject(
        "aws_cloudwatch_log_group",
        {"name": "/own/app", "kms_key_id": KEY, "retention_in_days": 400},
        checkov("CloudWatchLogGroupKMSKey", kms_key_id=None),
        ours(kms_key_id=""),
        checkov("CloudWatchLogGroupRetention", retention_in_days=None),
        checkov("CloudWatchLogGroupRetentionYear", retention_in_days=14),
    ),
    subject(
        "aws_cloudwatch_metric_alarm",
        {
            "alarm_name": "late",
            "comparison_operator": "GreaterThanThreshold",
            "evaluation_periods": 2,
            "alarm_actions": ["arn:aws:sns:eu-central-1:210987654321:news"],
        },
        checkov("CloudWatchAlarmsEnabled", actions_enabled=False),
        ours(actions_enabled="false"),
    ),
    subject(
        "aws_glue_security_configuration",
        {"name": "jobs", **_modes(LOGS, MARKS, FILES)},
        kics(
            "glue_security_configuration_encryption_disabled/positive1.tf",
            **_modes({"cloudwatch_encryption_mode": "SSE-KMS"}, MARKS, FILES),
        ),
        kics(
            "glue_security_configuration_encryption_disabled/positive2.tf",
            **_modes(LOGS, {**MARKS, "job_bookmarks_encryption_mode": "DISABLED"}, FILES),
        ),
        kics(
            "glue_security_configuration_encryption_disabled/positive3.tf",
            **_modes(LOGS, {"kms_key_arn": KEY}, FILES),
        ),
        ours(**_modes({"cloudwatch_encryption_mode": "DISABLED"}, MARKS, FILES)),
        ours(**_modes(LOGS, MARKS, {"s3_encryption_mode": "DISABLED"})),
        ours(**_modes(LOGS, MARKS, {"s3_encryption_mode": "SSE-S3"})),
    ),
    subject(
        "aws_glue_job",
        {"name": "clean", "role_arn": "arn:aws:iam::210987654321:role/etl", "security_configuration": "jobs"},
        checkov("GlueSecurityConfigurationEnabled", security_configuration=None),
    ),
    subject(
        "aws_glue_crawler",
        {"name": "look", "role": "etl", "database_name": "d", "security_configuration": "jobs"},
        checkov("GlueSecurityConfigurationEnabled", security_configuration=None),
    ),
    subject(
        "aws_glue_data_catalog_encryption_settings",
        _catalog(PASSWORDS, REST),
        kics(
            "glue_data_catalog_encryption_disabled/positive1.tf",
            **_catalog({**PASSWORDS, "return_connection_password_encrypted": False}, REST),
        ),
        kics(
            "glue_data_catalog_encryption_disabled/positive2.tf",
            **_catalog({"return_connection_password_encrypted": True}, REST),
        ),
        kics(
            "glue_data_catalog_encryption_disabled/positive3.tf",
            **_catalog(PASSWORDS, {**REST, "catalog_encryption_mode": "DISABLED"}),
        ),
        kics(
            "glue_data_catalog_encryption_disabled/positive4.tf",
            **_catalog(PASSWORDS, {"catalog_encryption_mode": "SSE-KMS"}),
        ),
        ours(**_catalog({**PASSWORDS, "aws_kms_key_id": ""}, REST)),
    ),
    subject(
        "aws_athena_workgroup",
        _workgroup(True, RESULTS),
        checkov("AthenaWorkgroupEncryption", **_workgroup(True, {})),
        trivy("athena/no_encryption_override", **_workgroup(False, RESULTS)),
        ours(
            **_workgroup(True, {"encryption_configuration": block(encryption_option="SSE_S3")}),
        ),
        ours(configuration=None),
    ),
    subject(
        "aws_athena_database",
        {
            "name": "analysts",
            "bucket": "records",
            "encryption_configuration": block(encryption_option="SSE_KMS", kms_key=KEY),
        },
        trivy("athena/enable_at_rest_encryption", encryption_configuration=None),
    ),
    subject(
        "aws_ecr_repository",
        REPOSITORY,
        checkov("ECRImmutableTags", image_tag_mutability="MUTABLE"),
        ours(image_tag_mutability=None),
        trivy("ecr/enable_image_scans", image_scanning_configuration=block(scan_on_push=False)),
        ours(image_scanning_configuration=None),
        trivy("ecr/repository_customer_key", encryption_configuration=None),
        ours(encryption_configuration=block(encryption_type="AES256")),
        trivy("ecr/repository_customer_key", encryption_configuration=block(encryption_type="KMS")),
    ),
    subject(
        "aws_efs_file_system",
        {"creation_token": "shared", "encrypted": True, "kms_key_id": KEY},
        checkov("EFSEncryptionEnabled", encrypted=None),
        trivy("efs/enable_at_rest_encryption", encrypted=False),
        kics("efs_without_kms", kms_key_id=None),
    ),
    subject(
        "aws_efs_access_point",
        POINT,
        checkov("EFSAccessPointRoot", root_directory=None),
        checkov("EFSAccessPointRoot", root_directory=block(path="/")),
        checkov("EFSAccessUserIdentity", posix_user=None),
    ),
    subject(
        "aws_kinesis_stream",
        STREAM,
        checkov("KinesisStreamEncryptionType", encryption_type="NONE"),
        kics("kinesis_not_encrypted_with_kms", encryption_type=None),
        checkov("KinesisStreamEncryptedWithCMK/aws_kinesis_stream.tf", kms_key_id=None),
        ours(kms_key_id="alias/aws/kinesis"),
    ),
    subject(
        "aws_kinesis_firehose_delivery_stream",
        _hose(enabled=True, key_type="CUSTOMER_MANAGED_CMK", key_arn=KEY),
        checkov("KinesisFirehoseDeliveryStreamSSE", server_side_encryption=None),
        checkov("KinesisFirehoseDeliveryStreamSSE", **_hose(enabled=False)),
        ours(**_hose(enabled=True, key_type="AWS_OWNED_CMK")),
        checkov("KinesisFirehoseDeliveryStreamUsesCMK", **_hose(enabled=True)),
    ),
    subject(
        "aws_dynamodb_table",
        TABLE,
        checkov("DynamoDBTablesEncrypted", server_side_encryption=None),
        checkov("DynamoDBTablesEncrypted", server_side_encryption=block(enabled=False)),
        checkov("DynamoDBTablesEncrypted", server_side_encryption=block(enabled=True)),
        trivy(
            "dynamodb/table_customer_key",
            server_side_encryption=block(enabled=True, kms_key_arn="alias/aws/dynamodb"),
        ),
        trivy("dynamodb/enable_recovery", point_in_time_recovery=None),
        ours(point_in_time_recovery=block(enabled=False)),
    ),
    subject(
        "aws_sagemaker_data_quality_job_definition",
        _monitoring(OUTPUT, VOLUME, INSIDE),
        checkov("SagemakerDataQualityJobDefinitionEncryption", **_monitoring({}, VOLUME, INSIDE)),
        checkov("SagemakerDataQualityJobDefinitionVolumeEncryption", **_monitoring(OUTPUT, {}, INSIDE)),
        checkov(
            "SagemakerDataQualityJobDefinitionTrafficEncryption",
            **_monitoring(OUTPUT, VOLUME, {**INSIDE, "enable_inter_container_traffic_encryption": False}),
        ),
    ),
    subject(
        "aws_sagemaker_endpoint_configuration",
        {"name": "serve", "production_variants": VARIANT, "kms_key_arn": KEY},
        kics("sagemaker_endpoint_configuration_encryption_disabled", kms_key_arn=None),
    ),
    subject(
        "aws_sagemaker_notebook_instance",
        NOTEBOOK,
        checkov("SagemakerDomainEncryptedWithCMK/aws_sagemaker_notebook_instance.tf", kms_key_id=None),
        checkov("SagemakerNotebookInCustomVPC", subnet_id=None),
        checkov("SagemakerNotebookRoot", root_access="Enabled"),
        checkov("SagemakerNotebookRoot", root_access=None),
        checkov("SagemakerNotebookInstanceAllowsIMDSv2", instance_metadata_service_configuration=None),
        ours(direct_internet_access="Enabled"),
        checkov(
            "SagemakerNotebookInstanceAllowsIMDSv2",
            instance_metadata_service_configuration=block(minimum_instance_metadata_service_version="1"),
        ),
    ),
    subject(
        "aws_sagemaker_domain",
        DOMAIN,
        checkov("SagemakerDomainEncryptedWithCMK/aws_sagemaker_domain.tf", kms_key_id=None),
        ours(app_network_access_type=None),
    ),
    subject(
        "aws_sagemaker_model",
        MODEL,
        checkov("SagemakerModelWithNetworkIsolation", enable_network_isolation=False),
        checkov("SagemakerModelWithNetworkIsolation", enable_network_isolation=None),
        ours(vpc_config=None),
    ),
]
