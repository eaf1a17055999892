"""`iam-growth`: somebody may do more afterwards than before.

Policy documents are found in whatever attribute holds one, parsed, and compared before and after: a grant
that nothing covered before is growth, and so is a denial that nothing covers any more.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.risk.changes import ResourceChange, blocks
from orchestrator.risk.grants import Grant, not_covered, parse
from orchestrator.tools.interfaces import Json

DOCUMENTS = {
    "aws_api_gateway_rest_api_policy": "policy",
    "aws_cloudwatch_event_bus_policy": "policy",
    "aws_cloudwatch_log_resource_policy": "policy_document",
    "aws_dynamodb_resource_policy": "policy",
    "aws_ecr_registry_policy": "policy",
    "aws_ecr_repository_policy": "policy",
    "aws_efs_file_system_policy": "policy",
    "aws_glue_resource_policy": "policy",
    "aws_iam_group_policy": "policy",
    "aws_iam_policy": "policy",
    "aws_iam_role": "assume_role_policy",
    "aws_iam_role_policy": "policy",
    "aws_iam_user_policy": "policy",
    "aws_kms_key": "policy",
    "aws_kms_key_policy": "policy",
    "aws_s3_bucket_policy": "policy",
    "aws_sagemaker_model_package_group_policy": "resource_policy",
    "aws_secretsmanager_secret_policy": "policy",
    "aws_sns_topic_policy": "policy",
    "aws_sqs_queue_policy": "policy",
    "aws_vpc_endpoint_policy": "policy",
}
"""Types that exist for a policy: where it may be unknown until the apply, that is said."""

GRANTS = {
    "aws_iam_access_key": "a key for a user",
    "aws_iam_group_membership": "users get what the group may do",
    "aws_iam_group_policy_attachment": "a group gets a policy",
    "aws_iam_instance_profile": "machines get a role",
    "aws_iam_openid_connect_provider": "identities of another provider are trusted",
    "aws_iam_policy_attachment": "somebody gets a policy",
    "aws_iam_role_policy_attachment": "a role gets a policy",
    "aws_iam_saml_provider": "identities of another provider are trusted",
    "aws_iam_user": "a user",
    "aws_iam_user_policy_attachment": "a user gets a policy",
    "aws_kms_grant": "somebody may use a key",
    "aws_lakeformation_permissions": "somebody may use catalogue objects",
    "aws_lambda_layer_version_permission": "somebody may use a layer",
    "aws_lambda_permission": "somebody may call a function",
    "aws_ram_principal_association": "somebody may use what is shared",
    "aws_ssoadmin_account_assignment": "somebody gets a permission set",
}
"""Types that are a grant by themselves: growth as soon as they are made, or made anew with other values."""
_TELLING = ("role", "user", "group", "policy_arn", "function_name", "principal", "key_id", "name")
_SHOWN = 3


def find(change: ResourceChange, account_id: str) -> list[str]:
    """Why somebody may do more after this change; nothing if nobody may."""
    return [*_by_itself(change), *_boundary(change), *_documents(change)]


def _by_itself(change: ResourceChange) -> list[str]:
    if change.type not in GRANTS or not change.remains:
        return []
    told = [f"{name} {_last(change.after[name])}" for name in _TELLING if isinstance(change.after.get(name), str)]
    return [GRANTS[change.type] + (f" ({', '.join(told)})" if told else "")]


def _boundary(change: ResourceChange) -> list[str]:
    if change.type not in ("aws_iam_role", "aws_iam_user") or not change.remains:
        return []
    name = "permissions_boundary"
    before, after = change.before.get(name), change.after.get(name)
    if change.is_unknown(name):
        # A new role's boundary is usually made beside it; an existing one's is expected to stay.
        return ["its permissions boundary becomes another one, known only after the apply"] if before else []
    if not after:
        return ["its permissions boundary is removed" if before else "it has no permissions boundary"]
    return [f"its permissions boundary becomes {_last(after)}"] if before and before != after else []


def _documents(change: ResourceChange) -> list[str]:
    reasons = []
    names = {*_policies(change.before), *_policies(change.after)}
    if (own := DOCUMENTS.get(change.type)) and change.is_unknown(own):
        names.discard(own)
        reasons.append(f"its `{own}` is known only after the apply")
    if change.type == "aws_vpc_endpoint" and change.before.get("policy") and not change.after.get("policy"):
        # Without a policy of its own an endpoint lets everything through.
        names.discard("policy")
        if change.remains:
            reasons.append("its policy is gone: the endpoint lets everything through")
    if change.type == "aws_vpc_endpoint" and not change.before:
        # A new door: its policy says what may pass, and gives nobody the right to.
        names.discard("policy")
    before, after = _policies(change.before), _policies(change.after)
    for name in sorted(names):
        reasons += _wider(name, before.get(name, []), after.get(name, []), new=change.creates)
    if change.type in DOCUMENTS and change.remains and not change.is_unknown(DOCUMENTS[change.type]):
        text = change.after.get(DOCUMENTS[change.type])
        if text and parse(text) is None and text != change.before.get(DOCUMENTS[change.type]):
            reasons.append(f"its `{DOCUMENTS[change.type]}` is no policy document that can be read")
    return reasons


def _policies(values: Json) -> dict[str, list[Grant]]:
    """Every policy document in a resource's values, by attribute; inline ones of a role count too."""
    found = {name: grants for name, text in values.items() if (grants := parse(text)) is not None}
    inline = [grant for block in blocks(values, "inline_policy") for grant in parse(block.get("policy")) or ()]
    return {**found, "inline_policy": inline} if inline else found


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
    """`s3:GetObject, s3:PutObject and 2 more on data-bucket/* and 1 more to Service:glue.amazonaws.com`."""
    actions = _few([str(grant.action) for grant in grants], "every action")
    resources = _few([str(grant.resource) for grant in grants], "everything")
    principals = _few([str(grant.principal) for grant in grants], "anybody")
    return actions + (f" on {resources}" if resources else "") + (f" to {principals}" if principals else "")


def _few(names: Sequence[str], whole: str) -> str:
    """The first few different ones, and how many more."""
    words = [whole if name == "*" else _last(name) for name in dict.fromkeys(names) if name]
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _last(name: str) -> str:
    """An ARN's own part; the account and region before it are the same everywhere."""
    return name.split(":", 5)[5] if name.startswith("arn:") and name.count(":") >= 5 else name
