"""Moto's API Gateway as plain data: what was deployed to a stage, and the callers that it admits.

AWS serves the *deployment* of a stage, a snapshot; a method changed after it is not live until the next one.
Moto keeps no snapshots, so `remember` takes one when a deployment is created (`moto_patch` calls it).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from moto.apigateway.models import APIGatewayBackend, RestAPI, apigateway_backends
from moto.awslambda.models import lambda_backends


@dataclass(frozen=True)
class Integration:
    type: str
    uri: str
    timeout_ms: int


@dataclass(frozen=True)
class Method:
    """One method of one resource."""

    resource_id: str
    resource_path: str
    http_method: str
    authorization: str
    api_key_required: bool
    integration: Integration | None
    required_parameters: tuple[str, ...] = ()
    """Parameters such as `method.request.header.X`; empty if no validator checks them."""
    body_schema: dict[str, Any] | None = None
    """JSON schema, `None` if no validator checks the body."""
    authorizer_id: str | None = None


@dataclass(frozen=True)
class Authorizer:
    """An authorizer; it decides on requests to the methods that name it."""

    id: str
    type: str
    """`TOKEN`, `REQUEST` or `COGNITO_USER_POOLS`."""
    uri: str
    identity_sources: tuple[str, ...] = ()
    """Sources such as `method.request.header.Authorization` and `context.identity.sourceIp`."""
    validation: str | None = None
    """A regular expression for the token of a `TOKEN` authorizer."""
    ttl_seconds: int = 300
    has_role: bool = False
    """Whether the gateway calls the function with a role, instead of by the function's policy."""


@dataclass(frozen=True)
class Snapshot:
    """The state of an API that a deployment keeps."""

    methods: tuple[Method, ...] = ()
    authorizers: dict[str, Authorizer] = field(default_factory=dict)
    key_source: str = "HEADER"
    """Where the API key of a request is: its header `x-api-key`, or `AUTHORIZER`."""


@dataclass(frozen=True)
class Throttle:
    """Requests per second, and the burst."""

    rate: float
    burst: int


@dataclass(frozen=True)
class GatewayResponse:
    """The deployed form of a refusal."""

    status: int | None
    parameters: dict[str, str]
    templates: dict[str, str]


@dataclass(frozen=True)
class Stage:
    api_id: str
    name: str
    account_id: str
    region: str
    variables: dict[str, str]
    deployed: Snapshot
    throttles: dict[str, Throttle] = field(default_factory=dict)
    """By `path/METHOD` as method settings spell it (`~1realtime/POST`), `*/*` for all."""
    responses: dict[str, GatewayResponse] = field(default_factory=dict)
    """By gateway response type, e.g. `THROTTLED`."""


@dataclass(frozen=True)
class KeyUse:
    """An API key together with the usage plan that admits it to a stage."""

    key_id: str
    plan_id: str
    throttle: Throttle | None
    quota_limit: int | None
    quota_period: str | None


def remember(api: RestAPI, deployment_id: str) -> None:
    """Snapshot an API for one of its deployments."""
    authorizers = {str(each.id): _authorizer(each) for each in api.authorizers.values()}
    _snapshots(api)[deployment_id] = Snapshot(tuple(_methods(api)), authorizers, api.api_key_source)


def find_stage(api_id: str, stage_name: str) -> Stage | None:
    match = _find_api(api_id)
    if match is None:
        return None
    backend, api = match
    stage = api.stages.get(stage_name)
    if stage is None:
        return None
    throttles = {
        path: Throttle(float(settings["throttlingRateLimit"]), int(settings["throttlingBurstLimit"]))
        for path, settings in stage.method_settings.items()
    }
    return Stage(
        api_id=api_id,
        name=stage_name,
        account_id=backend.account_id,
        region=backend.region_name,
        variables=dict(stage.variables or {}),
        deployed=_snapshots(api).get(str(stage.deployment_id), Snapshot()),
        throttles=throttles,
        responses={name: _response(response) for name, response in api.gateway_responses.items()},
    )


def find_key(stage: Stage, value: str) -> KeyUse | None:
    """Return the enabled key with this value, if a usage plan admits it to the stage."""
    backend = apigateway_backends[stage.account_id][stage.region]
    key = next((key for key in backend.keys.values() if key.value == value and _is_true(key.enabled)), None)
    if key is None:
        return None
    for plan in backend.usage_plans.values():
        admitted = any(s.get("apiId") == stage.api_id and s.get("stage") == stage.name for s in plan.api_stages)
        if admitted and key.id in backend.usage_plan_keys.get(plan.id, {}):
            throttle, quota = plan.throttle or {}, plan.quota or {}
            return KeyUse(
                key_id=key.id,
                plan_id=plan.id,
                throttle=_throttle(throttle),
                quota_limit=int(quota["limit"]) if quota.get("limit") is not None else None,
                quota_period=quota.get("period"),
            )
    return None


def may_invoke(function_arn: str, source_arn: str) -> bool:
    """Return whether the function's resource policy lets API Gateway call it from this method or authorizer.

    Without such a statement (`aws_lambda_permission`) AWS answers 500, and so does the emulator: to forget it is the
    most common mistake with proxy integrations.
    """
    _, _, _, region, account_id, _, name, *_ = function_arn.split(":")
    functions = lambda_backends[account_id][region]._lambdas
    if not functions.get_function_by_name_or_arn_with_qualifier(function_arn):
        return False
    policy = functions.get_function_by_name_or_arn_with_qualifier(name).policy
    return any(_admits(statement, source_arn) for statement in policy.statements)


def _admits(statement: dict[str, Any], source_arn: str) -> bool:
    principal = statement.get("Principal")
    service = principal.get("Service") if isinstance(principal, dict) else principal
    if statement.get("Effect") != "Allow" or service != "apigateway.amazonaws.com":
        return False
    patterns = [
        value
        for values in statement.get("Condition", {}).values()
        for key, value in values.items()
        if key.lower() == "aws:sourcearn"
    ]
    return all(fnmatchcase(source_arn, pattern) for pattern in patterns)


def _find_api(api_id: str) -> tuple[APIGatewayBackend, RestAPI] | None:
    backend: Any
    for _account, _region, backend in apigateway_backends.iter_backends():
        if api_id in backend.apis:
            return backend, backend.apis[api_id]
    return None


def _snapshots(api: RestAPI) -> dict[str, Snapshot]:
    snapshots: dict[str, Snapshot] = api.__dict__.setdefault("emulator_snapshots", {})
    return snapshots


def _methods(api: RestAPI) -> list[Method]:
    methods = []
    for resource in api.resources.values():
        for verb, method in resource.resource_methods.items():
            parameters, schema = _validation(api, method)
            methods.append(
                Method(
                    resource_id=resource.id,
                    resource_path=resource.get_path(),
                    http_method=verb,
                    authorization=method.authorization_type or "NONE",
                    api_key_required=_is_true(method.api_key_required),
                    integration=_integration(method.method_integration),
                    required_parameters=parameters,
                    body_schema=schema,
                    authorizer_id=method.authorizer_id,
                )
            )
    return methods


def _authorizer(authorizer: Any) -> Authorizer:
    sources = (authorizer.identity_source or "").split(",")
    return Authorizer(
        id=authorizer.id,
        type=authorizer.type,
        uri=authorizer.authorizer_uri or "",
        identity_sources=tuple(source.strip() for source in sources if source.strip()),
        validation=authorizer.identity_validation_expression or None,
        ttl_seconds=int(authorizer.authorizer_result_ttl),
        has_role=bool(authorizer.authorizer_credentials),
    )


def _integration(integration: Any) -> Integration | None:
    if integration is None:
        return None
    return Integration(
        type=integration.integration_type,
        uri=integration.uri or "",
        timeout_ms=int(integration.timeout_in_millis or 29_000),
    )


def _validation(api: RestAPI, method: Any) -> tuple[tuple[str, ...], dict[str, Any] | None]:
    validator = api.request_validators.get(method.request_validator_id)
    if validator is None:
        return (), None
    parameters: tuple[str, ...] = ()
    if _is_true(validator.validate_request_parameters):
        parameters = tuple(name for name, required in (method.request_parameters or {}).items() if _is_true(required))
    schema = None
    model_name = (method.request_models or {}).get("application/json")
    if _is_true(validator.validate_request_body) and model_name:
        model = next((model for model in api.models.values() if model.name == model_name), None)
        schema = json.loads(model.schema) if model is not None and model.schema else None
    return parameters, schema


def _response(response: Any) -> GatewayResponse:
    return GatewayResponse(
        status=int(response.status_code) if response.status_code else None,
        parameters=dict(response.response_parameters or {}),
        templates=dict(response.response_templates or {}),
    )


def _throttle(settings: dict[str, Any]) -> Throttle | None:
    if settings.get("rateLimit") is None or settings.get("burstLimit") is None:
        return None
    return Throttle(float(settings["rateLimit"]), int(settings["burstLimit"]))


def _is_true(value: Any) -> bool:
    return value is True or str(value).lower() == "true"
