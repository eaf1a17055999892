"""
metadata:
  id: MLOPS_NETWORK_2
  name: No resource has an address or a policy that the public can use
  category: NETWORKING
  severity: HIGH
  risk: >
    Callers come through the inference API, with a key and a limit. A second door (a public address, a
    function URL, a resource policy for everybody) has neither, and nobody watches it.
  repair: >
    turn the public access off (internal = true, publicly_accessible = false, authorization_type = "AWS_IAM"
    ...), or name who may call
"""

from typing import Any

from rulekit import PlatformRule, is_known, values

# Attribute, the values that keep it private, and whether it is private when the attribute is missing.
PRIVATE: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "aws_db_instance": ("publicly_accessible", ("false",), True),
    "aws_instance": ("associate_public_ip_address", ("false",), True),
    "aws_lambda_function_url": ("authorization_type", ("aws_iam",), False),
    "aws_lb": ("internal", ("true",), False),
    "aws_msk_cluster": ("broker_node_group_info.connectivity_info.public_access.type", ("disabled",), True),
    "aws_redshift_cluster": ("publicly_accessible", ("false",), False),
    "aws_redshiftserverless_workgroup": ("publicly_accessible", ("false",), True),
    "aws_sagemaker_notebook_instance": ("direct_internet_access", ("disabled",), False),
    "aws_subnet": ("map_public_ip_on_launch", ("false",), True),
}


class NotPublic(PlatformRule):
    def judge(self, kind: str, block: dict[str, Any]) -> bool | None:
        if kind == "aws_lambda_permission":
            return _permission(block)
        attribute, private, when_missing = PRIVATE[kind]
        given = values(block, attribute)
        if not given:
            return when_missing
        if not all(is_known(value) for value in given):
            return None
        return all(str(value).lower() in private for value in given)


def _permission(block: dict[str, Any]) -> bool | None:
    """Whoever may call is named, and a service calls for a resource or account of ours."""
    principal = str(next(iter(values(block, "principal")), "*"))
    if principal == "*" or values(block, "function_url_auth_type") == ["NONE"]:
        return False
    limited = bool(values(block, "source_arn") or values(block, "source_account") or values(block, "principal_org_id"))
    return limited or not principal.endswith(".amazonaws.com")


check = NotPublic(__doc__, [*PRIVATE, "aws_lambda_permission"])
