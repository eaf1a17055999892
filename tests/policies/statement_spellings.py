"""Statements of IAM policies in every spelling, and which rules refuse them: data for `test_statements.py`.

A statement without `Principal` is put into a role's policy, one with it into a stream's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
ROLE = "arn:aws:iam::123456789012:role/mlops-dev-training"
OBJECTS = "arn:aws:s3:::data/raw/*"
TO_SAGEMAKER = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
OURS = {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}


@dataclass(frozen=True)
class Case:
    """`document` is what stands in the attribute; `refused` the numbers of MLOPS_IAM rules that find it."""

    name: str
    document: Any
    refused: frozenset[int] = field(default_factory=frozenset)
    of_resource: bool = False


def _case(name: str, refused: set[int], *statements: Json, **document: Any) -> Case:
    whole = {"Version": "2012-10-17", "Statement": list(statements), **document}
    principals = any({"Principal", "NotPrincipal"} & set(each) for each in statements)
    return Case(name, whole, frozenset(refused), of_resource=principals)


def allow(action: str | list[str], resource: str | list[str] = OBJECTS, **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def passing(action: str | list[str], resource: str | list[str] = ROLE, **condition: Any) -> Json:
    return allow(action, resource, Condition=condition or TO_SAGEMAKER)


def sending(principal: Any, **more: Any) -> Json:
    return allow("sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:jobs", Principal=principal, **more)


def web_identity(provider: str, condition: Json) -> Json:
    return allow("sts:AssumeRoleWithWebIdentity", "*", Principal={"Federated": provider}, Condition=condition)


GITHUB = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"

CASES = (
    # What is right.
    _case("actions and resources by name", set(), allow(["s3:GetObject", "s3:PutObject"])),
    _case("a family of actions", set(), allow(["s3:Get*", "glue:BatchGet*"])),
    _case(
        "a denial of everything but something", set(), {"Effect": "Deny", "NotAction": "s3:*", "NotResource": OBJECTS}
    ),
    _case("an action without resource types", set(), allow("cloudwatch:PutMetricData", "*")),
    _case("a role passed by name", set(), passing("iam:PassRole")),
    _case("roles passed by prefix", set(), passing("iam:passrole", "arn:aws:iam::123456789012:role/mlops-dev-*")),
    _case("a policy of one role changed", set(), allow("iam:PutRolePolicy", ROLE)),
    _case(
        "roles within a boundary changed",
        set(),
        allow(
            ["iam:CreateRole", "iam:PutRolePolicy"],
            "*",
            Condition={"StringEquals": {"iam:PermissionsBoundary": "arn:aws:iam::123456789012:policy/b"}},
        ),
    ),
    _case("another service may send", set(), sending({"Service": "events.amazonaws.com"})),
    _case("anybody of this account", set(), sending("*", Condition=OURS)),
    _case(
        "anybody of this account, key in capitals",
        set(),
        sending("*", Condition={"StringLike": {"AWS:PrincipalOrgID": "o-abc"}}),
    ),
    _case(
        "the repository that deploys",
        set(),
        web_identity(GITHUB, {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:own/platform:*"}}),
    ),
    _case("a user's own folder", set(), allow("s3:GetObject", "arn:aws:s3:::data/home/${aws:username}/*")),
    # Actions: as a text or a list, in any case, by either wildcard.
    _case("every action", {2, 3, 5}, allow("*", "*")),
    _case("every action of every service", {2, 3, 5}, allow(["*:*"], ["*"])),
    _case("every action, star twice", {2, 3}, allow("**")),
    _case("one statement and no list", {2}, Version="2012-10-17", Statement=allow("s3:*")),
    _case("a service in capitals", {2}, allow("S3:*")),
    _case("a service by question mark and star", {2}, allow("s3:?*")),
    _case("a service by two letters", {2}, allow(["s3:*e*", "s3:Ge*"])),
    _case("one verb of many services", {2}, allow("*:Get*", "*")),
    _case("a service with a question mark in it", {2}, allow("s?:GetObject")),
    _case(
        "the second statement",
        {2},
        allow("s3:GetObject"),
        allow("sagemaker:*", "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/own"),
    ),
    _case(
        "everything but one action", {2, 3}, {"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": OBJECTS}
    ),
    _case("everything but IAM", {2}, {"Effect": "Allow", "NotAction": ["IAM:*"], "Resource": OBJECTS}),
    _case(
        "everything but one prefix",
        {2},
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:DeleteObject"], "NotResource": ["arn:aws:s3:::keep/*"]},
    ),
    _case(
        "everything but one prefix, roles too",
        {2, 3, 5},
        {"Effect": "Allow", "Action": ["iam:PassRole", "iam:PutRolePolicy"], "NotResource": OBJECTS},
    ),
    # Passing roles: any pattern that matches the action, and any that matches every role.
    *(
        _case(f"passing by the pattern {action}", {3}, allow(action, "*"))
        for action in ("iam:PassRole", "iam:Passrol?", "IAM:PASSROLE", "iam:Pass*", "iam:*ssRo*")
    ),
    _case("passing by the end of the name", {3, 5}, allow("iam:*Role*", "*")),
    _case("passing by a pattern in the service", {2, 3}, passing("?am:PassRole", "*")),
    *(
        _case(f"passing {role}", {3, 8} if role in ("arn:*", "**") else {3}, passing("iam:PassRole", role))
        for role in (
            "*",
            "**",
            "arn:*",
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::123456789012:role/*",
            "arn:aws:iam::123456789012:role/?*",
            "arn:aws:iam::123456789012:*",
            "arn:aws:iam::123456789012:r*",
            "arn:aws:iam::123456789012:role/*-*",
        )
    ),
    _case("one role by name, one by star", {3}, passing("iam:PassRole", [ROLE, "*"])),
    *(
        _case(f"passing under {operator} {values}", {3}, passing("iam:PassRole", ROLE, **{operator: values}))
        for operator, values in (
            ("StringLike", {"iam:PassedToService": "*"}),
            ("StringLike", {"iam:PassedToService": ["sagemaker.amazonaws.com", "?*"]}),
            ("StringEqualsIfExists", {"iam:PassedToService": "sagemaker.amazonaws.com"}),
            ("StringNotEquals", {"iam:PassedToService": "ec2.amazonaws.com"}),
            ("ForAllValues:StringEquals", {"iam:PassedToService": "sagemaker.amazonaws.com"}),
            ("Null", {"iam:PassedToService": "false"}),
            ("StringEquals", {"aws:RequestedRegion": "eu-west-1"}),
        )
    ),
    # Rights that give rights.
    *(
        _case(f"{action} on {resource}", {5}, allow(action, resource))
        for action, resource in (
            ("iam:CreatePolicyVersion", "*"),
            ("iam:Attach*", "*"),
            ("iam:putrolepolic?", "arn:aws:iam::123456789012:role/*"),
            ("iam:UpdateAssumeRolePolicy", "*"),
            ("iam:CreateAccessKey", "arn:aws:iam::*:user/*"),
            ("sts:AssumeRole", "*"),
            ("sts:Assume*", "arn:aws:iam::*:role/*"),
            ("lambda:UpdateFunctionCode", "arn:aws:lambda:*:*:function:*"),
            ("lambda:Update*", "*"),
            ("glue:UpdateJob", "*"),
            ("kms:PutKeyPolicy", "*"),
            ("s3:PutBucketPolicy", "arn:aws:s3:::*"),
            ("ssm:SendCommand", "*"),
        )
    ),
    _case(
        "a boundary taken off, under any boundary",
        {5},
        allow("iam:DeleteRolePermissionsBoundary", "*", Condition={"StringLike": {"iam:PermissionsBoundary": "*"}}),
    ),
    # The principals that a resource admits.
    *(
        _case(f"to {principal}", {6}, sending(principal))
        for principal in (
            "*",
            ["*"],
            {"AWS": "*"},
            {"AWS": ["arn:aws:iam::123456789012:root", "*"]},
            {"Federated": "*"},
            {"Service": "*"},
            {"AWS": "arn:aws:iam::*:root"},
        )
    ),
    _case(
        "to all but one",
        {6},
        {
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": "*",
            "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"},
        },
    ),
    *(
        _case(f"to anybody under {operator} {values}", {6}, sending("*", Condition={operator: values}))
        for operator, values in (
            ("StringLike", {"aws:PrincipalArn": "*"}),
            ("ArnLike", {"aws:SourceArn": "arn:aws:*:*:*:*"}),
            ("ArnLike", {"aws:SourceArn": "arn:aws:s3:::*"}),
            ("StringEqualsIfExists", {"aws:PrincipalOrgID": "o-abc"}),
            ("ForAllValues:StringEquals", {"aws:PrincipalAccount": "123456789012"}),
            ("Null", {"aws:PrincipalOrgID": "false"}),
            ("StringNotEquals", {"aws:PrincipalAccount": "123456789012"}),
            ("Bool", {"aws:SecureTransport": "true"}),
            ("IpAddress", {"aws:VpcSourceIp": ["10.0.0.0/8", "0.0.0.0/0"]}),
            ("StringLike", {"aws:PrincipalAccount": ["123456789012", "?*"]}),
        )
    ),
    _case(
        "every account there",
        {6},
        web_identity(GITHUB, {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}),
    ),
    _case(
        "every account there, by a pattern",
        {6},
        web_identity(GITHUB, {"StringLike": {"token.actions.githubusercontent.com:sub": "*"}}),
    ),
    # What no rule could read, or what is unexpected.
    *(
        _case(f"every resource as {resource}", {8}, allow("s3:GetObject", resource))
        for resource in ("**", "?*", "arn:*", "arn:aws:*", "arn:aws:*:*:*:*", "arn:*:*:*:*:*", "a*")
    ),
    _case("an element in small letters", {2, 8}, {"Effect": "Allow", "action": "s3:*", "Resource": OBJECTS}),
    _case("an element of a wrong name", {8}, allow("s3:GetObject", Actions=["s3:PutObject"])),
    _case("an effect of a wrong name", {2, 8}, {"Effect": "deny", "Action": "s3:*", "Resource": OBJECTS}),
    _case("a statement without action", {8}, {"Effect": "Allow", "Resource": OBJECTS}),
    _case("no statement", {8}, Version="2012-10-17", Statement=None),
    _case("a statement that is a text", {8}, Version="2012-10-17", Statement=["s3:GetObject"]),
    Case("no document", "{ not json", frozenset({8})),
    Case("a document cut off", '{"Version": "2012-10-17", "Statement": [', frozenset({8})),
    Case("a list", '["s3:GetObject"]', frozenset({8})),
)

ALL_OF_S3 = '{ Effect = "Allow", Action = "s3:*", Resource = "a" }'
IN_SOURCE: dict[str, tuple[str, set[int]]] = {
    "escapes": (r'"{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:\\u002a\", \"Resource\": \"a\"}]}"', {2}),
    "lines": (
        '<<EOT\n{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "${var.unset}"}]}\nEOT',
        {2},
    ),
    "indented lines": (
        '<<-EOT\n    {"Statement": {"Effect": "Allow", "Action": "iam:Passrol?", "Resource": "*"}}\n  EOT',
        {3},
    ),
    "a local": ("local.wide", {2}),
    "a local object": ("jsonencode(local.wide_object)", {2}),
    "a default": ('jsonencode({ Statement = [{ Effect = "Allow", Action = var.actions, Resource = "a" }] })', {2}),
    "a format": (
        r'format("{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"%s\", \"Resource\": \"a\"}}", "s3:*")',
        {2},
    ),
    "merged": (f'jsonencode(merge({{ Version = "2012-10-17" }}, {{ Statement = [{ALL_OF_S3}] }}))', {2}),
    "put together": (f"jsonencode({{ Statement = concat([{ALL_OF_S3}], var.more) }})", {2}),
    "gone through": (
        'jsonencode({ Statement = [for s in [{ Action = "s3:*", Resource = "a" }] : merge({ Effect = "Allow" }, s)] })',
        {2},
    ),
    "a resource not made yet": (
        'jsonencode({ Statement = [{ Effect = "Allow", Action = "s3:*", Resource = [var.unset, "${var.unset}/*"] }] })',
        {2},
    ),
}
"""Expressions of Terraform that the scan of the source can follow, as far as the statement goes."""

LEFT_OPEN = (
    'file("${path.module}/policy.json")',
    'templatefile("${path.module}/policy.json", { action = "*" })',
    "jsonencode(yamldecode(\"Statement: [{Effect: Allow, Action: '*', Resource: '*'}]\"))",
    "var.unset",
    "data.aws_iam_policy_document.other.json",
)
"""Expressions that only a plan can tell: no rule says that they are right."""
