"""What the tables of `outside.py` are made of."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Fault = tuple[str, Json]
"""The source, as repository:path, and the arguments that differ; `None` removes one."""
OURS = "ours"
"""In the place of a source: a way that we add to theirs."""
ACCOUNT = "arn:aws:iam::210987654321:root"
KEY = "arn:aws:kms:eu-central-1:210987654321:key/5f0c1a52-9d1e-4a39-8a44-3f6f0f0b7d10"


@dataclass(frozen=True)
class Subject:
    """A resource that is right, and the faults that it may have."""

    kind: str
    right: Json
    faults: tuple[Fault, ...]
    of: str = ""
    """Type of what it belongs to, which each has one of, under its own name."""


def subject(kind: str, right: Json, *faults: Fault, of: str = "") -> Subject:
    return Subject(kind, right, faults, of)


def ours(**change: Any) -> Fault:
    return OURS, change


def checkov(example: str, **change: Any) -> Fault:
    folder, _, file = example.partition("/")
    return f"bridgecrewio/checkov:tests/terraform/checks/resource/aws/example_{folder}/{file or 'main.tf'}", change


def graph(example: str, **change: Any) -> Fault:
    return f"bridgecrewio/checkov:tests/terraform/graph/checks/resources/{example}/main.tf", change


def kics(query: str, **change: Any) -> Fault:
    folder, _, file = query.partition("/")
    return f"Checkmarx/kics:assets/queries/terraform/aws/{folder}/test/{file or 'positive.tf'}", change


def trivy(check: str, **change: Any) -> Fault:
    return f"aquasecurity/trivy-checks:checks/cloud/aws/{check}.yaml", change


def policy(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal: Any, action: Any, resource: Any = "*", **more: Any) -> Json:
    given = {"Principal": principal} if principal else {}
    return {"Effect": "Allow", **given, "Action": action, "Resource": resource, **more}
