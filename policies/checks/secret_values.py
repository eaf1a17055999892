"""
metadata:
  id: MLOPS_SECRETS_2
  name: No resource or data source stores a secret's value in the state
  category: SECRETS
  severity: HIGH
  risk: >
    Values that AWS or Terraform generates for such a block are readable in the state, in all its earlier versions,
    in saved plans and in every copy of them, even if the attribute is marked as sensitive.
  repair: >
    use the write-only argument (value_wo, secret_string_wo), or create the secret outside Terraform, as the
    orchestrator does for API keys, and pass on its name
"""

from typing import Any

from rulekit import PlatformRule, is_true, values

# The provider always stores these in the state.
ALWAYS = [
    "aws_api_gateway_api_key",
    "aws_api_gateway_usage_plan_key",
    "aws_iam_access_key",
    "aws_iam_service_specific_credential",
    "aws_iam_user_login_profile",
    "aws_lightsail_key_pair",
    "random_password",
    "tls_private_key",
]
READ = (
    "aws_api_gateway_api_key",
    "aws_cognito_user_pool_client",
    "aws_ecr_authorization_token",
    "aws_secretsmanager_random_password",
    "aws_secretsmanager_secret_version",
)
"""Data sources."""
GIVEN = {
    "aws_db_instance": ["password"],
    "aws_docdb_cluster": ["master_password"],
    "aws_elasticache_replication_group": ["auth_token"],
    "aws_rds_cluster": ["master_password"],
    "aws_redshift_cluster": ["master_password"],
    "aws_secretsmanager_secret_version": ["secret_string", "secret_binary"],
    "aws_ssm_parameter": ["value"],
}
"""Arguments with a write-only counterpart such as value_wo, or that the service should manage."""


class NoValues(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        if kind == "aws_ssm_parameter" and values(block, "type") != ["SecureString"]:
            return None
        if kind in GIVEN:
            # A data source has no value in the code. With a write-only value a plan shows the plain one as known after
            # apply.
            write_only = any(values(block, f"{name}_wo_version") for name in GIVEN[kind])
            given = any(values(block, name) for name in GIVEN[kind])
            return write_only or (kind not in READ and not given)
        if kind == "aws_cognito_user_pool_client":
            is_data = bool(values(block, "client_id"))
            return not is_data and not any(is_true(value) for value in values(block, "generate_secret"))
        return False


check = NoValues(__doc__, [*ALWAYS, *GIVEN, "aws_cognito_user_pool_client"], READ)
