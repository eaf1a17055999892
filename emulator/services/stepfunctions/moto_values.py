"""Names and results of the interpreter's calls: botocore's spelling in requests, AWS's in results."""

from __future__ import annotations

import importlib
import json
from functools import lru_cache
from typing import Any

from botocore import xform_name
from botocore.session import Session
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from emulator.moto.patching import wrap

TASK = "moto.stepfunctions.parser.asl.component.state.exec.state_task"
BOTO_NAMES = {
    "bedrockruntime": "bedrock-runtime",
    "cloudwatchlogs": "logs",
    "costexplorer": "ce",
    "eventbridge": "events",
    "sagemakerfeaturestoreruntime": "sagemaker-featurestore-runtime",
    "sagemakerruntime": "sagemaker-runtime",
}


def task_module(name: str) -> Any:
    """Return moto's module of a kind of service integration, such as `_aws_sdk`; `""` is their common base."""
    return importlib.import_module(f"{TASK}.service.state_task_service{name}")


def install() -> None:
    _filters()
    service = task_module("").StateTaskService
    service._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES.update(BOTO_NAMES)

    @wrap(service, "_normalise_parameters")
    def to_boto(
        original: Any, self: Any, parameters: Any, boto_service_name: Any = None, service_action_name: Any = None
    ) -> None:
        model = _model(self, boto_service_name, service_action_name)
        if model is not None:
            _replace(parameters, _renamed(model.input_shape, parameters, pascal=False))

    @wrap(service, "_normalise_response")
    def from_boto(
        original: Any, self: Any, response: Any, boto_service_name: Any = None, service_action_name: Any = None
    ) -> None:
        if isinstance(response, dict):
            model = _model(self, boto_service_name, service_action_name)
            renamed = _renamed(model.output_shape, response, pascal=True) if model is not None else response
            _replace(response, plain(renamed))


def _filters() -> None:
    """Return an empty list for a filter without matches, as AWS does; moto does so only for slices and wildcards."""

    @wrap(json_path, "_contains_slice_or_wildcard_array")
    def many(original: Any, path: str) -> bool:
        return "[?(" in path or bool(original(path))


def _model(task: Any, service_name: str | None, action_name: str | None) -> Any:
    return _operation(task._get_boto_service_name(service_name), task._get_boto_service_action(action_name))


@lru_cache(maxsize=512)
def _operation(service: str, action: str) -> Any:
    """Return botocore's model of an operation; `None` for an integration that is not an AWS operation."""
    name = _operations(service).get(action)
    return _session().get_service_model(service).operation_model(name) if name else None


@lru_cache(maxsize=64)
def _operations(service: str) -> dict[str, str]:
    """Return operations by the names of botocore's methods; empty for a service that botocore does not know."""
    if service not in _session().get_available_services():
        return {}
    return {xform_name(name): name for name in _session().get_service_model(service).operation_names}


@lru_cache(maxsize=1)
def _session() -> Session:
    return Session()


def _renamed(shape: Any, value: Any, *, pascal: bool) -> Any:
    """Return the value with its members spelled as in the shape, or capitalised as AWS returns them."""
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        spelled = {name.lower(): name for name in shape.members}
        renamed = {}
        for key, item in value.items():
            name = spelled.get(key.lower())
            item = _renamed(shape.members[name], item, pascal=pascal) if name else item
            name = name or key
            renamed[name[0].upper() + name[1:] if pascal else name] = item
        return renamed
    if shape.type_name == "list" and isinstance(value, list):
        return [_renamed(shape.member, item, pascal=pascal) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _renamed(shape.value, item, pascal=pascal) for key, item in value.items()}
    return value


def _replace(target: dict[str, Any], content: dict[str, Any]) -> None:
    """Replace the content in place: the interpreter holds a reference to the object."""
    content = dict(content)
    target.clear()
    target.update(content)


def plain(value: Any) -> Any:
    """Convert to JSON values: dates and the contents of streams become text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if hasattr(value, "read"):
        return value.read().decode()
    return json.loads(to_json_str(value))
