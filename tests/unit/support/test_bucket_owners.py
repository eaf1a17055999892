"""Every S3 client of the platform names the owner of the bucket, in every operation that can."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import botocore.session
import pytest

from orchestrator.aws.bucket_owner import expect_owner
from tests.support import bucket_owners

REPO = Path(__file__).resolve().parents[3]
OWNER = "111122223333"
OTHER = "444455556666"
SESSION = botocore.session.Session()
MEMBERS = ("ExpectedBucketOwner", "ExpectedSourceBucketOwner")
ONE_PLACE = {
    "orchestrator": "orchestrator/aws/client.py",
    "lambda": "expect_own_buckets",
    "jobs": "expect_owner",
}
"""The file that makes all clients, or the function that each is passed through where it is made."""


def plain() -> Any:
    return SESSION.create_client("s3", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")


def load(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("owners_under_test", REPO / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=("orchestrator", "functions", "etl", "features"))
def s3(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client as each side makes it."""
    client = plain()
    match request.param:
        case "orchestrator":
            expect_owner(client, lambda: OWNER)
        case "functions":
            monkeypatch.syspath_prepend(str(REPO / "lambda"))
            monkeypatch.setenv("ACCOUNT_ID", OWNER)
            load("lambda/inference_common/s3.py").expect_own_buckets(client)
        case "etl":
            monkeypatch.syspath_prepend(str(REPO / "jobs/etl"))
            load("jobs/etl/tabular/store.py").expect_owner(client, OWNER)
        case "features":
            load("jobs/features/ingest.py").expect_owner(client, OWNER)
    return client


def sent(client: Any, operation: str, given: dict[str, Any], context: dict[str, Any] | None = None) -> dict[str, Any]:
    """Parameters as botocore would build a request from."""
    model = client.meta.service_model.operation_model(operation)
    parameters: dict[str, Any] = client._emit_api_params(
        api_params=dict(given), operation_model=model, context=context or {}
    )
    return parameters


def operations(client: Any) -> Iterator[tuple[str, set[str]]]:
    for name in client.meta.service_model.operation_names:
        shape = client.meta.service_model.operation_model(name).input_shape
        yield name, set(MEMBERS) & set(shape.members if shape is not None else ())


def test_every_operation_that_can_names_the_owner(s3: Any) -> None:
    able = 0
    for operation, members in operations(s3):
        given = {"Bucket": "b", "Key": "k", "CopySource": "c/k"} if "ExpectedSourceBucketOwner" in members else {}
        parameters = sent(s3, operation, given)
        assert {name: parameters.get(name) for name in MEMBERS if name in parameters} == dict.fromkeys(
            members, OWNER
        ), operation
        able += bool(members)
    assert able > 90


def test_a_call_may_name_another_owner(s3: Any) -> None:
    assert (
        sent(s3, "GetObject", {"Bucket": "b", "Key": "k", "ExpectedBucketOwner": OTHER})["ExpectedBucketOwner"] == OTHER
    )


@pytest.mark.parametrize("s3", ["orchestrator", "functions"], indirect=True)
def test_a_presigned_address_needs_no_header(s3: Any) -> None:
    assert "expected-bucket-owner" not in s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})


# ---- no client is made past it ------------------------------------------------------------------------------------


def made(tree: ast.AST) -> Iterator[tuple[ast.Call, ast.AST | None]]:
    """Calls that make a client of S3, or of a service that the code does not say, with what is around them."""
    around = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        owner = ast.unparse(node.func.value)
        makes = node.func.attr in ("create_client", "resource") or (
            node.func.attr == "client" and ("boto3" in owner or "session" in owner.lower())
        )
        if makes and not (isinstance(node.args[0], ast.Constant) and node.args[0].value != "s3"):
            yield node, around.get(node)


def passed_on(node: ast.Call, around: ast.AST | None, through: str, tree: ast.AST) -> bool:
    """Whether a client goes into that function: at once, or by a name that is its argument."""

    def is_it(call: ast.AST | None) -> bool:
        return isinstance(call, ast.Call) and ast.unparse(call.func).rsplit(".", 1)[-1] == through

    if isinstance(around, ast.Assign) and isinstance(around.targets[0], ast.Name):
        name = around.targets[0].id
        return any(is_it(call) and ast.unparse(call).startswith(f"{through}({name}") for call in ast.walk(tree))
    return is_it(around)


def test_no_client_is_made_past_the_one_place() -> None:
    count = 0
    for side, place in ONE_PLACE.items():
        for path in sorted((REPO / side).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if not any(word in text for word in ("client(", "resource(")):
                continue
            tree = ast.parse(text)
            for node, around in made(tree):
                count += 1
                where = f"{path.relative_to(REPO)}:{node.lineno}"
                if side == "orchestrator":
                    assert str(path.relative_to(REPO)) == place, where
                else:
                    assert passed_on(node, around, place, tree), where
    assert count >= 9


# ---- the watch over all other tests -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "platform"),
    [
        ("orchestrator/aws/client.py", True),
        ("lambda/job_api/backends.py", True),
        ("jobs/etl/tabular/store.py", True),
        ("emulator/core/aws.py", False),
        ("tests/support/clients.py", False),
    ],
)
def test_the_watch_knows_whose_client_it_is(file: str, platform: bool) -> None:
    code: dict[str, Callable[..., FrameType]] = {}
    exec(compile("def here(frame):\n    return frame(0 + 1)\n", str(REPO / file), "exec"), code)
    frame = code["here"](lambda depth: sys._getframe(depth))
    assert bucket_owners.made_by_the_platform(frame) is platform


@pytest.mark.parametrize(("named", "forgotten"), [(True, []), (False, ["GetObject without ExpectedBucketOwner"])])
def test_the_watch_finds_what_names_no_owner(named: bool, forgotten: list[str]) -> None:
    client = plain()
    if named:
        expect_owner(client, lambda: OWNER)
    client.meta.events.register("before-call.s3", bucket_owners.check)
    client.meta.events.register("before-call.s3", lambda **_: (SimpleNamespace(status_code=200), {}))
    client.get_object(Bucket="b", Key="k")
    seen = list(bucket_owners.FORGOTTEN)
    bucket_owners.FORGOTTEN.clear()  # else it would fail this test, too
    assert seen == forgotten
