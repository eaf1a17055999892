"""API Gateway's keys and plans, and Parameter Store, as far as the upkeep of API keys goes, with a memory."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes.aws import FakeCloud

KMS = "arn:aws:kms:us-east-1:123456789012:key/k1"
START = dt.datetime(2026, 12, 1, 10, tzinfo=dt.UTC)


class Killed(BaseException):
    """The process ends here: nothing catches it."""


def published(*names: str, prefix: str = "mlops-local", environment: str = "local") -> dict[str, Any]:
    """What the phase `inference` publishes of keys of these names."""
    return {
        name: {
            "key_name": f"{prefix}-inference-{name}",
            "blueprints": ["*"] if name == "default" else [f"for-{name}"],
            "usage_plan_id": f"plan-{name}",
            "parameter_name": f"/mlops/{environment}/api-keys/{name}",
            "kms_key_arn": KMS,
        }
        for name in names
    }


def gateway_of_keys(**values: str) -> dict[str, Any]:
    """API Gateway for `FakeCloud.services`, with a key of each of these names and values on its plan."""
    aws = KeysOfAws()
    for name, value in values.items():
        aws.plans[f"plan-{name}"] = [aws.add(f"mlops-local-inference-{name}", value)]
    return aws.services()["apigateway"]


@dataclass
class KeysOfAws:
    """Keys, plans and parameters.

    Attributes:
        keys: by id, as GetApiKey tells them.
        plans: ids of keys by plan.
        parameters: by name.
        lists_tags: whether the list of keys holds their tags.
        kill_before: the change before which the process ends, counted from 1; 0: never.
    """

    clock: dt.datetime = START
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    plans: dict[str, list[str]] = field(default_factory=dict)
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of parameters."""
    lists_tags: bool = True
    kill_before: int = 0
    changes: int = 0
    values_read: int = 0
    _made: int = 0

    def cloud(self) -> FakeCloud:
        return FakeCloud(services=self.services())

    def services(self) -> dict[str, dict[str, Any]]:
        """For `FakeCloud.services`."""
        return {
            "apigateway": {
                "get_paginator": self._pages,
                "get_tags": lambda resourceArn: {"tags": dict(self.keys[resourceArn.rsplit("/", 1)[-1]]["tags"])},
                "get_api_key": self._get_key,
                "create_api_key": self._changing(self._create_key),
                "update_api_key": self._changing(self._disable),
                "delete_api_key": self._changing(self._delete_key),
                "tag_resource": self._changing(self._tag),
                "create_usage_plan_key": self._changing(self._put_on_plan),
                "delete_usage_plan_key": self._changing(self._take_off_plan),
            },
            "ssm": {
                "get_paginator": self._pages,
                "put_parameter": self._changing(self._put),
                "delete_parameter": self._changing(self._delete_parameter),
                "describe_parameters": self._describe_parameters,
                "list_tags_for_resource": lambda ResourceType, ResourceId: {
                    "TagList": [{"Key": key, "Value": value} for key, value in self.tags[ResourceId].items()]
                },
                "add_tags_to_resource": self._changing(self._tag_parameter),
            },
        }

    def add(self, name: str, value: str, **tags: str) -> str:
        """Add a key made outside the platform; return its id."""
        return str(self._create_key(name=name, enabled=True, value=value, tags=tags)["id"])

    def record(self, name: str) -> Any:
        return json.loads(self.parameters[f"/mlops/local/api-keys/{name}"]["Value"])

    def _changing(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(**arguments: Any) -> Any:
            self.changes += 1
            if self.changes == self.kill_before:
                raise Killed
            return call(**arguments)

        return counted

    def _pages(self, operation_name: str) -> Any:
        answers: dict[str, Callable[..., list[dict[str, Any]]]] = {
            "get_api_keys": lambda **arguments: self._list_keys(arguments.get("nameQuery", "")),
            "get_usage_plan_keys": lambda usagePlanId: [{"id": each} for each in self.plans.get(usagePlanId, [])],
            "get_usage_plans": lambda keyId: [{"id": plan} for plan, ids in self.plans.items() if keyId in ids],
            "get_parameters_by_path": self._list_parameters,
        }
        answer = answers[operation_name]
        key = "Parameters" if operation_name == "get_parameters_by_path" else "items"

        class Paginator:
            def paginate(self, **arguments: Any) -> list[dict[str, Any]]:
                # One item a page: a caller that reads only the first page misses some.
                return [{}, *({key: [item]} for item in answer(**arguments))]

        return Paginator()

    def _list_keys(self, name_query: str) -> list[dict[str, Any]]:
        matching = [{**key} for key in self.keys.values() if key["name"].startswith(name_query)]
        for key in matching:
            del key["value"]
            if not self.lists_tags:
                del key["tags"]
        return matching

    def _get_key(self, apiKey: str, includeValue: bool = False) -> dict[str, Any]:
        self.values_read += includeValue
        return dict(self.keys[apiKey])

    def _create_key(self, name: str, enabled: bool, tags: dict[str, str], **more: str) -> dict[str, Any]:
        self._made += 1
        number = f"key{self._made}"
        made = {"id": number, "value": f"value-of-{number}-{'x' * 20}", "createdDate": self.clock}
        self.keys[number] = {**made, **more, "name": name, "enabled": enabled, "tags": dict(tags)}
        return dict(self.keys[number])

    def _disable(self, apiKey: str, patchOperations: list[dict[str, str]]) -> None:
        assert patchOperations == [{"op": "replace", "path": "/enabled", "value": "false"}]
        self._found(apiKey)["enabled"] = False

    def _delete_key(self, apiKey: str) -> None:
        self._found(apiKey)
        assert not any(apiKey in ids for ids in self.plans.values()), "a plan still has it"
        del self.keys[apiKey]

    def _tag(self, resourceArn: str, tags: dict[str, str]) -> None:
        start, _, key_id = resourceArn.rpartition("/")
        assert start == "arn:aws:apigateway:us-east-1::/apikeys"
        self._found(key_id)["tags"].update(tags)

    def _found(self, key_id: str) -> dict[str, Any]:
        if key_id not in self.keys:
            raise ClientError({"Error": {"Code": "NotFoundException", "Message": key_id}}, "Any")
        return self.keys[key_id]

    def _put_on_plan(self, usagePlanId: str, keyId: str, keyType: str) -> None:
        assert keyType == "API_KEY"
        self._found(keyId)
        assert keyId not in self.plans.setdefault(usagePlanId, []), "AWS answers ConflictException"
        self.plans[usagePlanId].append(keyId)

    def _take_off_plan(self, usagePlanId: str, keyId: str) -> None:
        self.plans[usagePlanId].remove(keyId)

    def _put(self, Name: str, Overwrite: bool = False, Tags: list[dict[str, str]] | None = None, **rest: Any) -> None:
        if Name in self.parameters and not Overwrite:
            raise ClientError({"Error": {"Code": "ParameterAlreadyExists", "Message": Name}}, "PutParameter")
        assert not (Overwrite and Tags), "AWS takes tags with a new parameter only"
        self.parameters[Name] = rest
        self.tags.setdefault(Name, {}).update({tag["Key"]: tag["Value"] for tag in Tags or ()})

    def _describe_parameters(self, ParameterFilters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        if ParameterFilters is None:
            return {"Parameters": [{"Name": name} for name in self.parameters]}
        [name] = ParameterFilters[0]["Values"]
        parameter = self.parameters.get(name)
        return {
            "Parameters": [{"Name": name, "Type": parameter["Type"], "KeyId": parameter["KeyId"]}] if parameter else []
        }

    def _delete_parameter(self, Name: str) -> None:
        if Name not in self.parameters:
            raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": Name}}, "DeleteParameter")
        del self.parameters[Name], self.tags[Name]

    def _tag_parameter(self, ResourceType: str, ResourceId: str, Tags: list[dict[str, str]]) -> None:
        self.tags[ResourceId].update({tag["Key"]: tag["Value"] for tag in Tags})

    def _list_parameters(self, Path: str, WithDecryption: bool = False) -> list[dict[str, Any]]:
        matching = ((name, each) for name, each in self.parameters.items() if name.startswith(f"{Path}/"))
        return [
            {
                "Name": name,
                "ARN": f"arn:aws:ssm:us-east-1:123456789012:parameter{name}",
                "Value": each["Value"] if WithDecryption else "encrypted",
            }
            for name, each in matching
        ]
