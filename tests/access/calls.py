"""The AWS actions that code needs, read from the code: boto3 calls in Python, tasks in a state machine."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name

from orchestrator.packaging import COMMON, ROUTING

OTHER_NAMES = {
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:CopyObject": "s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "bedrock:Converse": "bedrock:InvokeModel",
    "lambda:Invoke": "lambda:InvokeFunction",
    "sfn:DescribeExecution": "states:DescribeExecution",
    "sfn:StartExecution": "states:StartExecution",
}
"""Operations whose right has another name."""

_WATCH = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
SYNC = {
    "glue:StartJobRun": ("glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"),
    **{
        f"sagemaker:Create{job}": (f"sagemaker:Describe{job}", f"sagemaker:Stop{job}", "sagemaker:AddTags", *_WATCH)
        for job in ("TrainingJob", "ProcessingJob")
    },
}
"""What `.sync` needs beside the call: to watch the job, and to stop it with the execution (Step Functions' guide)."""

ENTIRE = {"model_router": ROUTING}
"""A function to a library that counts as its own code: the router calls parts of it through tables, not by name."""

TAGGED = ("sagemaker:CreateModel", "sagemaker:CreateEndpointConfig", "sagemaker:CreateEndpoint")
"""Step Functions' own integrations tag what they create; its calls through the SDK do not."""


def of_python(folder: Path) -> frozenset[str]:
    """Actions of all boto3 calls in a folder, and in what it calls of the shared modules that it imports.

    A name counts when some service that the code makes a client of has an operation of that name.
    """
    own, shared = _trees(folder)
    nodes = [node for tree in own for node in ast.walk(tree)]
    waiting = {name for node in nodes for name in _called(node)}
    functions: dict[str, list[ast.AST]] = {}
    for tree in shared:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions.setdefault(node.name, []).append(node)
    while called := waiting & set(functions):
        inner = [node for name in called for each in functions.pop(name) for node in ast.walk(each)]
        nodes += inner
        waiting |= {name for node in inner for name in _called(node)}
    services = {text for node in nodes for text in _client_of(node)}
    names = {name for node in nodes for name in _called(node)}
    return frozenset(
        OTHER_NAMES.get(action, action)
        for service in services
        for method, action in _operations(service).items()
        if method in names
    )


def of_state_machine(definition: dict[str, Any]) -> frozenset[str]:
    """Actions of all tasks of an ASL definition."""
    actions: set[str] = set()
    for resource in _resources(definition):
        service, _, operation = resource.split(":::", 1)[1].removeprefix("aws-sdk:").partition(":")
        operation, _, pattern = operation.partition(".")
        action = f"{service}:{operation[0].upper()}{operation[1:]}"
        action = OTHER_NAMES.get(action, action)
        actions.add(action)
        if pattern == "sync":
            actions |= set(SYNC[action])
        if "aws-sdk:" not in resource and action in TAGGED:
            actions.add("sagemaker:AddTags")
    return frozenset(actions)


def _trees(folder: Path) -> tuple[list[ast.Module], list[ast.Module]]:
    """The folder's modules, and those of the shared packages beside it that they import, directly or not."""
    folders = [folder, *([folder.parent / ENTIRE[folder.name]] if folder.name in ENTIRE else [])]
    files = [file for each in folders for file in sorted(each.rglob("*.py"))]
    own = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    shared: dict[Path, ast.Module] = {}
    waiting = list(own)
    while waiting:
        for node in ast.walk(waiting.pop()):
            for module in _imported(node):
                if module.partition(".")[0] not in (COMMON, ROUTING):
                    continue
                place = folder.parent.joinpath(*module.split("."))
                for file in (place.with_suffix(".py"), place / "__init__.py"):
                    if file.is_file() and file not in shared:
                        shared[file] = ast.parse(file.read_text(encoding="utf-8"))
                        waiting.append(shared[file])
    return own, list(shared.values())


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        yield from (f"{node.module}.{name.name}" for name in node.names)
    if isinstance(node, ast.Import):
        yield from (name.name for name in node.names)


def _client_of(node: ast.AST) -> Iterator[str]:
    """`boto3.client("s3")`, `client("ssm", 5)`."""
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in ("client", "make_client", "create_client", "resource") and isinstance(node.args[0].value, str):
            yield node.args[0].value


def _called(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield node.func.id
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if node.func.attr == "search" and node.args and not node.keywords:
        return  # a pattern's: boto3 takes no positional arguments
    yield node.func.attr
    if node.func.attr == "copy" and len(node.args) >= 3:
        yield "copy_object"  # boto3's managed copy of an object; those of lists and dictionaries take nothing
    if node.func.attr in ("get_paginator", "get_waiter") and isinstance(node.args[0], ast.Constant):
        yield str(node.args[0].value)


@cache
def _operations(service: str) -> dict[str, str]:
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(operation): f"{model.signing_name}:{operation}" for operation in model.operation_names}


def _resources(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("Type") == "Task":
            yield value["Resource"]
        for each in value.values():
            yield from _resources(each)
    elif isinstance(value, list):
        for each in value:
            yield from _resources(each)
