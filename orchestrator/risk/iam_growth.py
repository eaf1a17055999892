"""Find `iam-growth`: principals that get more permissions.

Policy documents in any attribute are parsed and compared before and after the change: a grant that was not covered
before is growth, and so is a denial that is no longer covered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.core.types import Json
from orchestrator.risk.changes import ResourceChange
from orchestrator.risk.grants import Grant, not_covered, parse

_POLICY = """
    acmpca_policy api_gateway_domain_name api_gateway_rest_api api_gateway_rest_api_policy backup_vault_policy
    cloudwatch_event_bus_policy codebuild_resource_policy dynamodb_resource_policy ecr_registry_policy
    ecr_repository_policy ecrpublic_repository_policy efs_file_system_policy glacier_vault_lock glue_resource_policy
    iam_group_policy iam_policy iam_role_policy iam_user_policy iot_policy kinesis_resource_policy kms_external_key
    kms_key kms_key_policy kms_replica_external_key kms_replica_key media_store_container_policy msk_cluster_policy
    networkfirewall_resource_policy oam_sink_policy redshift_resource_policy redshiftserverless_resource_policy
    s3_access_point s3_bucket s3_bucket_policy s3control_access_grants_instance_resource_policy
    s3control_access_point_policy s3control_bucket_policy s3control_object_lambda_access_point_policy
    schemas_registry_policy secretsmanager_secret secretsmanager_secret_policy ses_identity_policy
    sesv2_email_identity_policy sns_topic sns_topic_policy sqs_queue sqs_queue_policy vpc_endpoint
    vpc_endpoint_policy vpclattice_auth_policy vpclattice_resource_policy
"""
DOCUMENTS: dict[str, tuple[str, ...]] = {f"aws_{name}": ("policy",) for name in _POLICY.split()} | {
    "aws_cloudsearch_domain_service_access_policy": ("access_policy",),
    "aws_cloudwatch_log_delivery_destination_policy": ("delivery_destination_policy",),
    "aws_cloudwatch_log_destination_policy": ("access_policy",),
    "aws_cloudwatch_log_resource_policy": ("policy_document",),
    "aws_codeartifact_domain_permissions_policy": ("policy_document",),
    "aws_codeartifact_repository_permissions_policy": ("policy_document",),
    "aws_ecr_repository_creation_template": ("repository_policy",),
    "aws_elasticsearch_domain": ("access_policies",),
    "aws_elasticsearch_domain_policy": ("access_policies",),
    "aws_glacier_vault": ("access_policy",),
    "aws_iam_role": ("assume_role_policy", "inline_policy"),
    "aws_opensearch_domain": ("access_policies",),
    "aws_opensearch_domain_policy": ("access_policies",),
    "aws_organizations_resource_policy": ("content",),
    "aws_s3control_multi_region_access_point_policy": ("details",),
    "aws_s3tables_table_bucket_policy": ("resource_policy",),
    "aws_s3tables_table_policy": ("resource_policy",),
    "aws_sagemaker_model_package_group_policy": ("resource_policy",),
    "aws_ssoadmin_permission_set_inline_policy": ("inline_policy",),
    "aws_xray_resource_policy": ("policy_document",),
}
"""Attributes that hold a policy; one that is unknown until the apply, or cannot be read, is reported."""

NAMED = {
    "aws_iam_role": "managed_policy_arns",
    "aws_iam_group_policy_attachments_exclusive": "policy_arns",
    "aws_iam_role_policy_attachments_exclusive": "policy_arns",
    "aws_iam_user_policy_attachments_exclusive": "policy_arns",
}
"""Attributes that list the policies of a principal."""

TEMPLATES = {
    "aws_cloudcontrolapi_resource": "desired_state",
    "aws_cloudformation_stack": "template_body",
    "aws_cloudformation_stack_set": "template_body",
}
"""Resources written in another language. Policies in their JSON are found, policies in YAML are not."""

GRANTS = {
    "aws_budgets_budget_action": "a principal gets a policy when a budget is spent",
    "aws_chatbot_slack_channel_configuration": "a chat channel gets the permissions of a role",
    "aws_chatbot_teams_channel_configuration": "a chat channel gets the permissions of a role",
    "aws_cloudwatch_event_permission": "a principal may send events",
    "aws_eks_access_entry": "a principal may use a cluster",
    "aws_eks_access_policy_association": "a principal gets a policy of a cluster",
    "aws_eks_pod_identity_association": "pods get a role",
    "aws_iam_access_key": "a key for a user",
    "aws_iam_group_membership": "users get the permissions of the group",
    "aws_iam_group_policy_attachment": "a group gets a policy",
    "aws_iam_instance_profile": "machines get a role",
    "aws_iam_openid_connect_provider": "identities of another provider are trusted",
    "aws_iam_policy_attachment": "a principal gets a policy",
    "aws_iam_role_policy_attachment": "a role gets a policy",
    "aws_iam_saml_provider": "identities of another provider are trusted",
    "aws_iam_service_specific_credential": "a password for a user",
    "aws_iam_user": "a user",
    "aws_iam_user_group_membership": "a user gets the permissions of groups",
    "aws_iam_user_login_profile": "a password for a user",
    "aws_iam_user_policy_attachment": "a user gets a policy",
    "aws_kms_grant": "a principal may use a key",
    "aws_lakeformation_data_lake_settings": "a principal administers the catalogue",
    "aws_lakeformation_permissions": "a principal may use catalogue objects",
    "aws_lambda_layer_version_permission": "a principal may use a layer",
    "aws_lambda_permission": "a principal may call a function",
    "aws_opensearchserverless_access_policy": "a principal may use collections",
    "aws_quicksight_iam_policy_assignment": "a principal gets a policy",
    "aws_ram_principal_association": "a principal may use shared resources",
    "aws_rolesanywhere_profile": "holders of certificates get a role",
    "aws_rolesanywhere_trust_anchor": "certificates of another authority are trusted",
    "aws_s3control_access_grant": "a principal may use objects",
    "aws_signer_signing_profile_permission": "a principal may sign",
    "aws_ssoadmin_account_assignment": "a principal gets a permission set",
    "aws_ssoadmin_customer_managed_policy_attachment": "a permission set gets a policy",
    "aws_ssoadmin_managed_policy_attachment": "a permission set gets a policy",
    "aws_vpc_endpoint_service_allowed_principal": "a principal may connect",
}
"""Types that are a grant by themselves: growth when they are created, or recreated with other values."""
_IDENTIFYING = ("role", "user", "group", "policy_arn", "function_name", "principal", "key_id", "name")
_SHOWN = 3


def find(change: ResourceChange, account_id: str) -> list[str]:
    """Explain which permissions a change adds; empty if it adds none."""
    return [*_by_itself(change), *_named(change), *_boundary(change), *_documents(change)]


def _by_itself(change: ResourceChange) -> list[str]:
    if change.type not in GRANTS or not change.remains:
        return []
    details = [
        f"{name} {_last(change.after[name])}" for name in _IDENTIFYING if isinstance(change.after.get(name), str)
    ]
    return [GRANTS[change.type] + (f" ({', '.join(details)})" if details else "")]


def _boundary(change: ResourceChange) -> list[str]:
    if change.type not in ("aws_iam_role", "aws_iam_user") or not change.remains:
        return []
    name = "permissions_boundary"
    before, after = change.before.get(name), change.after.get(name)
    if change.is_unknown(name):
        # A new role's boundary is usually created with it; an existing role is expected to keep its own.
        return ["its permissions boundary changes to one known only after the apply"] if before else []
    if not after:
        return ["its permissions boundary is removed" if before else "it has no permissions boundary"]
    return [f"its permissions boundary changes to {_last(after)}"] if before and before != after else []


def _named(change: ResourceChange) -> list[str]:
    name = NAMED.get(change.type)
    if not name or not change.remains:
        return []
    before = change.before.get(name) or ()
    new = [_last(arn) for arn in change.after.get(name) or () if arn not in before]
    added = [f"it gets the policies {', '.join(new)}"] if new else []
    return added + ([f"its `{name}` is known only after the apply"] if change.is_left_open(name) else [])


def _documents(change: ResourceChange) -> list[str]:
    reasons = []
    before, after = _policies(change.before), _policies(change.after)
    names = {*before, *after}
    # A new endpoint is only a new route: its policy limits requests and grants nothing.
    new_route = change.type == "aws_vpc_endpoint" and not change.before
    for own in () if new_route else DOCUMENTS.get(change.type, ()):
        if change.is_left_open(own):
            names.discard(own)
            reasons.append(f"its `{own}` is known only after the apply")
        elif change.is_unknown(own):
            names.discard(own)  # AWS sets it
    if change.type == "aws_vpc_endpoint" and change.before.get("policy") and not change.after.get("policy"):
        # An endpoint without a policy allows all requests.
        names.discard("policy")
        if change.remains:
            reasons.append("its policy is removed: the endpoint allows all requests")
    if new_route:
        names.discard("policy")
    for name in sorted(names):
        reasons += _wider(name, before.get(name, []), after.get(name, []), new=change.creates)
    return reasons + (_unreadable(change) if change.remains else [])


def _unreadable(change: ResourceChange) -> list[str]:
    """Describe changed documents that cannot be compared."""
    problems = [
        f"its `{own}` is not a readable policy document"
        for own in DOCUMENTS.get(change.type, ())
        if not change.is_unknown(own) and change.after.get(own) != change.before.get(own)
        if any(parse(text) is None for text in _texts(change.after.get(own)))
    ]
    body = change.after.get(TEMPLATES.get(change.type, ""))
    if body and body != change.before.get(TEMPLATES[change.type]) and not str(body).lstrip().startswith("{"):
        problems.append(f"its `{TEMPLATES[change.type]}` may create roles and policies: it is not readable JSON")
    return problems


def _texts(value: Any) -> list[str]:
    """List the policy in an attribute, or the policies in the blocks of that name."""
    if isinstance(value, list):
        return [text for block in value if isinstance(block, dict) for text in _texts(block.get("policy"))]
    return [value] if isinstance(value, str) and value else []


def _policies(values: Json) -> dict[str, list[Grant]]:
    """Read the policy documents in a resource's values, by attribute or nested block."""
    return {name: grants for name, value in values.items() if (grants := parse(value)) is not None}


def _wider(name: str, before: Sequence[Grant], after: Sequence[Grant], *, new: bool) -> list[str]:
    if new:
        allowed = [grant for grant in after if grant.effect == "Allow"]
        return [f"new: `{name}` allows {_summary(allowed)}"] if allowed else []
    reasons = []
    if grown := not_covered(after, before, "Allow"):
        loosened = all(any(old.covers(each, whatever_conditions=True) for old in before) for each in grown)
        how = "allows under weaker conditions" if loosened else "newly allows"
        reasons.append(f"`{name}` {how} {_summary(grown)}")
    if lost := not_covered(before, after, "Deny"):
        reasons.append(f"`{name}` no longer denies {_summary(lost)}")
    return reasons


def _summary(grants: Sequence[Grant]) -> str:
    """Summarise grants: `s3:GetObject, s3:PutObject and 2 more on data-bucket/* to Service:glue.amazonaws.com`."""
    actions = _few([str(grant.action) for grant in grants], "every action")
    resources = _few([str(grant.resource) for grant in grants], "everything")
    principals = _few([str(grant.principal) for grant in grants], "any principal")
    return actions + (f" on {resources}" if resources else "") + (f" to {principals}" if principals else "")


def _few(names: Sequence[str], whole: str) -> str:
    """List the first few different names, and count the rest."""
    words = [whole if name == "*" else _last(name) for name in dict.fromkeys(names) if name]
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _last(name: str) -> str:
    """Shorten an ARN to its resource; account and region are the same everywhere."""
    return name.split(":", 5)[5] if name.startswith("arn:") and name.count(":") >= 5 else name
