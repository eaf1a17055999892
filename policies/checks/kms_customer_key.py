"""
metadata:
  id: MLOPS_KMS_1
  name: Every store and log group is encrypted with a key of the platform
  category: ENCRYPTION
  severity: HIGH
  risk: >
    All principals that may use a service in this account can use its AWS managed key. A key of the platform admits
    only the roles of its environment, can be revoked, and records in CloudTrail which role decrypted what.
  repair: >
    name the key: kms_key_id = var.kms_key_arn (or what the type calls it), never alias/aws/...
"""

from typing import Any

from rulekit import PlatformRule, all_of, blocks, values

# The key attribute of each type. Types that need a key only under a condition have a method below.
KEYS = {
    "aws_athena_workgroup": ["configuration.result_configuration.encryption_configuration.kms_key_arn"],
    "aws_backup_vault": ["kms_key_arn"],
    "aws_cloudtrail": ["kms_key_id"],
    "aws_cloudwatch_event_bus": ["kms_key_identifier"],
    "aws_cloudwatch_log_group": ["kms_key_id"],
    "aws_dynamodb_table": ["server_side_encryption.kms_key_arn"],
    "aws_ebs_volume": ["kms_key_id"],
    "aws_ecr_repository": ["encryption_configuration.kms_key"],
    "aws_efs_file_system": ["kms_key_id"],
    "aws_glue_data_catalog_encryption_settings": [
        "data_catalog_encryption_settings.connection_password_encryption.aws_kms_key_id",
        "data_catalog_encryption_settings.encryption_at_rest.sse_aws_kms_key_id",
    ],
    "aws_glue_security_configuration": [
        "encryption_configuration.cloudwatch_encryption.kms_key_arn",
        "encryption_configuration.job_bookmarks_encryption.kms_key_arn",
        "encryption_configuration.s3_encryption.kms_key_arn",
    ],
    "aws_kinesis_firehose_delivery_stream": ["extended_s3_configuration.kms_key_arn"],
    "aws_kinesis_stream": ["kms_key_id"],
    "aws_lambda_function": ["kms_key_arn"],
    "aws_opensearch_domain": ["encrypt_at_rest.kms_key_id"],
    "aws_s3_object": ["kms_key_id"],
    "aws_sagemaker_domain": ["kms_key_id"],
    "aws_sagemaker_feature_group": ["online_store_config.security_config.kms_key_id"],
    "aws_sagemaker_notebook_instance": ["kms_key_id"],
    "aws_secretsmanager_secret": ["kms_key_id"],
    "aws_ssm_parameter": ["key_id"],
}


ATHENA_OPTION = "configuration.result_configuration.encryption_configuration.encryption_option"


class CustomerKey(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        # The gate checks in a plan whether part of them is known after apply.
        self.evaluated_keys = [path.split(".")[0] for path in KEYS[kind]]
        if kind == "aws_ssm_parameter" and values(block, "type") != ["SecureString"]:
            return None  # parameters without secrets are read without a key; a separate rule covers secrets
        if kind == "aws_sagemaker_feature_group":
            return _feature_group(block)
        if kind == "aws_athena_workgroup" and "SSE_S3" in values(block, ATHENA_OPTION):
            return False  # the key beside it is ignored
        return all_of(*(_names_key(block, path) for path in KEYS[kind]))


def _feature_group(block: dict[str, Any]) -> bool | None:
    verdicts = []
    for online in blocks(block, "online_store_config"):
        verdicts.append(_names_key(online, "security_config.kms_key_id"))
    for offline in blocks(block, "offline_store_config"):
        verdicts.append(_names_key(offline, "s3_storage_config.kms_key_id"))
    return all_of(*verdicts)


def _names_key(block: dict[str, Any], path: str) -> bool:
    named = values(block, path)
    return bool(named) and not any("alias/aws/" in str(value) for value in named)


check = CustomerKey(__doc__, list(KEYS))
