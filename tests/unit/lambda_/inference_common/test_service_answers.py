"""An incomplete AWS response is a transient failure, for every operation whose response is read."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import BotoCoreError

from inference_common.s3 import expect_own_buckets
from inference_common.service_answers import READ, IncompleteAnswer

LAMBDA = Path(__file__).resolve().parents[4] / "lambda"
SESSION = botocore.session.Session()
JUDGED = {
    "converse",
    "retrieve_and_generate",
    "invoke_agent",
    "invoke_model",
    "invoke_endpoint",
    "get_object",
    "invoke",
}
"""Model output, which is validated elsewhere, and streaming bodies, which botocore always returns."""
NOT_HELD = {"async_callback/stores.py", "token_authorizer/store.py"}
"""Operations whose callers handle any failure: they keep cached keys, or retry the message."""


def client(service: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ACCOUNT_ID", "123456789012")
    keys: dict[str, Any] = {"region_name": "us-east-1", "aws_access_key_id": "k", "aws_secret_access_key": "s"}
    return expect_own_buckets(SESSION.create_client(service, **keys))


def answer(made: Any, operation: str, parsed: dict[str, Any], status: int = 200) -> Any:
    """Call an operation with this HTTP response."""
    given = (SimpleNamespace(status_code=status), parsed)
    made.meta.events.register("before-call", lambda **_: given)
    return made._make_api_call(operation, _asked(made.meta.service_model.operation_model(operation).input_shape))


def _asked(shape: Any) -> dict[str, Any]:
    """Return the minimal parameters that botocore accepts."""
    return {name: _least(shape.members[name]) for name in shape.required_members}


def _least(shape: Any) -> Any:
    match shape.type_name:
        case "structure":
            names = shape.required_members or (list(shape.members)[:1] if getattr(shape, "is_tagged_union", 0) else [])
            return {name: _least(shape.members[name]) for name in names}
        case "list":
            return [_least(shape.member)]
        case "integer" | "long":
            return shape.metadata.get("min", 1)
        case "blob":
            return b"x"
        case _:
            return (shape.enum or ["x" * shape.metadata.get("min", 1)])[0]


@pytest.mark.parametrize(("service", "operation"), sorted(READ))
def test_an_incomplete_response_is_a_failure(service: str, operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    members = READ[service, operation]
    whole = dict.fromkeys(members, "told")
    for missing in members:
        for parsed in ({n: v for n, v in whole.items() if n != missing}, {**whole, missing: ""}):
            with pytest.raises(IncompleteAnswer, match=f"{operation} has no {missing}") as raised:
                answer(client(service, monkeypatch), operation, parsed)
            assert isinstance(raised.value, BotoCoreError), "callers know what to do with these"
    assert answer(client(service, monkeypatch), operation, dict(whole)) == whole


def test_a_refusal_stays_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    made = client("bedrock", monkeypatch)
    refused = {"Error": {"Code": "ConflictException", "Message": "no"}, "ResponseMetadata": {}}
    with pytest.raises(made.exceptions.ConflictException):
        answer(made, "CreateModelInvocationJob", refused, 400)


def test_every_member_that_is_read_is_in_the_table() -> None:
    """Return variables that hold a response, and the members that are read from them by subscript."""
    known = {xform_name(operation): members for (_, operation), members in READ.items()}
    loose = []
    for path in sorted(LAMBDA.rglob("*.py")):
        place = str(path.relative_to(LAMBDA))
        if place in NOT_HELD:
            continue
        for operation, member, line in reads(ast.parse(path.read_text(encoding="utf-8"))):
            if operation not in JUDGED and member not in known.get(operation, ()):
                loose.append(f"{place}:{line} reads {member} of {operation}")
    assert loose == []


def test_the_search_finds_what_it_looks_for() -> None:
    source = "def f(client):\n    made = client('x').make_it(a=1)\n    return made['Arn'] + client.get_it()['Id']\n"
    assert sorted(reads(ast.parse(source))) == [("get_it", "Id", 3), ("make_it", "Arn", 3)]


OPERATIONS = {
    xform_name(name)
    for service in sorted({service for service, _ in READ} | {"sns", "sqs", "glue", "lambda", "dynamodb"})
    for name in SESSION.get_service_model(service).operation_names
} | {"make_it", "get_it"}


def reads(tree: ast.AST) -> set[tuple[str, str, int]]:
    """Yield operation, member and line of each `client.operation(…)["Member"]`, also through a variable."""
    members = set()
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        held: dict[str, str] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign | ast.AnnAssign) and (called := _operation(node.value)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                held |= {each.id: called for each in targets if isinstance(each, ast.Name)}
        for node in ast.walk(function):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                called = held.get(node.value.id) if isinstance(node.value, ast.Name) else _operation(node.value)
                if called and isinstance(node.ctx, ast.Load) and re.fullmatch(r"[A-Za-z]+", str(node.slice.value)):
                    members.add((called, str(node.slice.value), node.lineno))
    return members


def _operation(node: ast.AST | None) -> str | None:
    """Return the AWS operation that an expression calls, also through `within(…, lambda: …)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in OPERATIONS:
        return node.func.attr
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[-1], ast.Lambda):
        return _operation(node.args[-1].body)
    return None
