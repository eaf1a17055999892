"""Roles with everything that decides what they may do, from Terraform's state documents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]
Statement = dict[str, Any]

AWS_MANAGED = {
    # AWS accepts no other policy for the account-wide setting that API Gateway logs with: it tests the role for "*".
    "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs": {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:DescribeLogGroups",
                    "logs:DescribeLogStreams",
                    "logs:PutLogEvents",
                    "logs:GetLogEvents",
                    "logs:FilterLogEvents",
                ],
                "Resource": "*",
            }
        ],
    },
}
"""AWS's own policies that a role may carry, with their content; the boundary cuts them to this environment."""


@dataclass(frozen=True)
class Role:
    """One role as it is applied.

    Attributes:
        name: with the environment's prefix.
        arn: of the role.
        trust: who may take it.
        policies: identity policies by name, those of AWS by ARN.
        boundary: the permissions boundary's document; `None` without one.
    """

    name: str
    arn: str
    trust: Document
    policies: dict[str, Document] = field(default_factory=dict)
    boundary: Document | None = None

    @property
    def own_policies(self) -> dict[str, Document]:
        """Without AWS's."""
        return {name: document for name, document in self.policies.items() if name not in AWS_MANAGED}

    def statements(self) -> Iterator[tuple[str, Statement]]:
        """`(policy/Sid, statement)` of the platform's own policies."""
        for name, document in self.own_policies.items():
            for position, statement in enumerate(document["Statement"]):
                yield f"{name}/{statement.get('Sid', position)}", statement


def listed(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]


def from_states(states: Mapping[str, Document]) -> dict[str, Role]:
    """Collect all roles by name from all stacks. Raises `KeyError` for an unknown policy."""
    documents = dict(AWS_MANAGED)
    for _, attributes in _resources(states, "aws_iam_policy"):
        documents[attributes["arn"]] = json.loads(attributes["policy"])
    roles = {}
    for _, attributes in _resources(states, "aws_iam_role"):
        boundary = attributes.get("permissions_boundary")
        roles[attributes["name"]] = Role(
            name=attributes["name"],
            arn=attributes["arn"],
            trust=json.loads(attributes["assume_role_policy"]),
            boundary=documents[boundary] if boundary else None,
        )
    for _, attributes in _resources(states, "aws_iam_role_policy"):
        roles[attributes["role"]].policies[attributes["name"]] = json.loads(attributes["policy"])
    for _, attributes in _resources(states, "aws_iam_role_policy_attachment"):
        roles[attributes["role"]].policies[attributes["policy_arn"]] = documents[attributes["policy_arn"]]
    return roles


def documents_of(states: Mapping[str, Document]) -> Iterator[tuple[str, Document]]:
    """Every policy document of any kind in the states, by `stack: address.attribute`."""
    for stack, state in states.items():
        for resource in state["resources"]:
            if resource["mode"] != "managed":
                continue
            for instance in resource["instances"]:
                for name, value in instance["attributes"].items():
                    if isinstance(value, str) and value.startswith("{") and '"Statement"' in value:
                        yield f"{stack}: {resource['type']}.{resource['name']}.{name}", json.loads(value)


def resources(states: Mapping[str, Document], kind: str) -> Iterator[Document]:
    """Attributes of every resource of a type."""
    for _, attributes in _resources(states, kind):
        yield attributes


def _resources(states: Mapping[str, Document], kind: str) -> Iterator[tuple[str, Document]]:
    for stack, state in states.items():
        for resource in state["resources"]:
            if resource["mode"] == "managed" and resource["type"] == kind:
                for instance in resource["instances"]:
                    yield stack, instance["attributes"]
