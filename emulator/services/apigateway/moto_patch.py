"""API Gateway's control plane: tags by ARN, updates in place, snapshots at deployment."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from moto.apigateway import urls
from moto.apigateway.models import APIGatewayBackend
from moto.apigateway.responses import APIGatewayResponse

from emulator.core.settings import Settings
from emulator.moto.patching import add, wrap
from emulator.services.apigateway import moto_view

ARN = re.compile(r"arn:aws:apigateway:[^:]+::/(?P<path>.+)$")

INTEGRATION_FIELDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "/uri": ("uri", str),
    "/httpMethod": ("http_method", str),
    "/type": ("integration_type", str),
    "/timeoutInMillis": ("timeout_in_millis", int),
    "/credentials": ("credentials", str),
    "/passthroughBehavior": ("passthrough_behaviour", str),
    "/contentHandling": ("content_handling", str),
    "/connectionType": ("connection_type", str),
    "/cacheNamespace": ("cache_namespace", str),
}
METHOD_FIELDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "/authorizationType": ("authorization_type", str),
    "/authorizerId": ("authorizer_id", str),
    "/apiKeyRequired": ("api_key_required", lambda value: value == "true"),
    "/operationName": ("operation_name", str),
    "/requestValidatorId": ("request_validator_id", str),
}
MAPS = {
    "requestParameters": "request_parameters",
    "requestTemplates": "request_templates",
    "requestModels": "request_models",
}


def apply(settings: Settings) -> None:
    _snapshots()
    _update_integration()
    _update_method()
    _update_others()
    _authorizers()
    _tags()


def _authorizers() -> None:
    @wrap(APIGatewayBackend, "create_authorizer")
    def create_authorizer(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
        authorizer = original(self, *args, **kwargs)
        # Moto spells the parameter in two ways, and so loses it.
        authorizer.identity_validation_expression = kwargs.get("identiy_validation_expression")
        return authorizer


def _snapshots() -> None:
    @wrap(APIGatewayBackend, "create_deployment")
    def create_deployment(original: Any, self: Any, function_id: str, *args: Any, **kwargs: Any) -> Any:
        deployment = original(self, function_id, *args, **kwargs)
        moto_view.remember(self.get_rest_api(function_id), deployment.id)
        return deployment


def _update_integration() -> None:
    @add(APIGatewayResponse)
    def update_integration(self: Any) -> str:
        _, _, api_id, _, resource_id, _, verb, *_ = self.path.split("/")
        integration = self.backend.get_integration(api_id, resource_id, verb)
        _patch(integration, self._get_param("patchOperations"), INTEGRATION_FIELDS)
        return json.dumps(integration.to_json())


def _update_method() -> None:
    @add(APIGatewayResponse)
    def update_method(self: Any) -> str:
        _, _, api_id, _, resource_id, _, verb, *_ = self.path.split("/")
        method = self.backend.get_method(api_id, resource_id, verb)
        _patch(method, self._get_param("patchOperations"), METHOD_FIELDS)
        return json.dumps(method.to_json())


def _update_others() -> None:
    @add(APIGatewayResponse)
    def update_deployment(self: Any) -> str:
        _, _, api_id, _, deployment_id, *_ = self.path.split("/")
        deployment = self.backend.get_deployment(api_id, deployment_id)
        _patch(deployment, self._get_param("patchOperations"), {"/description": ("description", str)})
        return json.dumps(deployment.to_json())

    @add(APIGatewayResponse)
    def update_model(self: Any) -> str:
        _, _, api_id, _, name, *_ = self.path.split("/")
        model = self.backend.get_model(api_id, name)
        operations = self._get_param("patchOperations")
        _patch(model, operations, {"/description": ("description", str), "/schema": ("schema", str)})
        return json.dumps(model.to_json())


def _patch(target: Any, operations: list[dict[str, Any]], fields: dict[str, tuple[str, Callable[[str], Any]]]) -> None:
    """Apply JSON-patch-like operations; raise an error for unknown ones, which would be lost otherwise."""
    for operation in operations:
        path, verb, value = operation["path"], operation["op"], operation.get("value", "")
        head, _, key = path.strip("/").partition("/")
        if path == "/authorizationScopes":
            scopes = [scope for scope in target.authorization_scopes or [] if scope != value]
            target.authorization_scopes = scopes if verb == "remove" else [*scopes, value]
        elif path in fields:
            attribute, convert = fields[path]
            setattr(target, attribute, None if verb == "remove" else convert(value))
        elif head in MAPS and key:
            entries = dict(getattr(target, MAPS[head]) or {})
            name = key.replace("~1", "/")
            if verb == "remove":
                entries.pop(name, None)
            else:
                entries[name] = value == "true" if head == "requestParameters" and value in ("true", "false") else value
            setattr(target, MAPS[head], entries)
        else:
            raise NotImplementedError(f"{verb} of {path}")


def _tags() -> None:
    """Serve `/tags/{arn}`; moto's route ends at the ARN's first slash, and it keeps only the tags of stages."""
    urls.url_paths["{0}/tags/(?P<resourceArn>.+)$"] = APIGatewayResponse.dispatch

    @wrap(APIGatewayResponse, "get_tags")
    def get_tags(original: Any, self: Any) -> str:
        return json.dumps({"tags": _tagged(self).tags or {}})

    @wrap(APIGatewayResponse, "tag_resource")
    def tag_resource(original: Any, self: Any) -> tuple[int, dict[str, Any], str]:
        resource = _tagged(self)
        resource.tags = {**(resource.tags or {}), **(self._get_param("tags") or {})}
        return 204, {"status": 204}, ""

    @wrap(APIGatewayResponse, "untag_resource")
    def untag_resource(original: Any, self: Any) -> tuple[int, dict[str, Any], str]:
        resource = _tagged(self)
        gone = self.querystring.get("tagKeys", [])
        resource.tags = {key: value for key, value in (resource.tags or {}).items() if key not in gone}
        return 204, {"status": 204}, ""


def _tagged(response: Any) -> Any:
    match = ARN.search(unquote(response.path.split("/tags/", 1)[1]))
    parts = match["path"].strip("/").split("/") if match else []
    backend = response.backend
    match parts:
        case ["restapis", api]:
            return backend.get_rest_api(api)
        case ["restapis", api, "stages", stage]:
            return backend.get_stage(api, stage)
        case ["apikeys", key]:
            return backend.get_api_key(key)
        case ["usageplans", plan]:
            return backend.get_usage_plan(plan)
        case ["domainnames", name]:
            return backend.get_domain_name(name)
    raise NotImplementedError(f"tags of {response.path}")
