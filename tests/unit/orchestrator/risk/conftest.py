"""Plan documents of one change, as `terraform show -json` writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator import risk
from orchestrator.core.types import Json
from orchestrator.risk import RiskClass

ACCOUNT = "123456789012"


def change(
    type_: str,
    before: Json | None = None,
    after: Json | None = None,
    *,
    unknown: Json | None = None,
    replace: bool = False,
    name: str = "this",
) -> Json:
    """One entry of `resource_changes`; the action follows from what there is before and after."""
    match before is not None, after is not None:
        case True, True:
            actions = ["delete", "create"] if replace else (["no-op"] if before == after else ["update"])
        case True, False:
            actions = ["delete"]
        case _:
            actions = ["create"]
    return {
        "address": f"module.m.{type_}.{name}",
        "mode": "managed",
        "type": type_,
        "name": name,
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": unknown or {}},
    }


def policy(*statements: Json) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: str | list[str], resources: str | list[str] | None = "*", **more: Any) -> Json:
    return {"Effect": "Allow", "Action": actions, **({"Resource": resources} if resources else {}), **more}


def deny(actions: str | list[str], resources: str | list[str] = "*", **more: Any) -> Json:
    return {"Effect": "Deny", "Action": actions, "Resource": resources, **more}


class Found:
    """Finds the risks of some changes, in a form that tests compare."""

    def __call__(self, kind: RiskClass, *changes: Json) -> list[str]:
        """Reasons of one class."""
        risks = risk.of_plan({"resource_changes": list(changes)}, stack="s", account_id=ACCOUNT)
        return [each.reason for each in risks if each.kind == kind]


@pytest.fixture
def found() -> Found:
    return Found()
