"""Map an endpoint configuration of moto to a hosting plan."""

from __future__ import annotations

from typing import Any

from emulator.services.sagemaker.capture import Capture
from emulator.services.sagemaker.hosting import Plan
from emulator.services.sagemaker.model_server import Model
from emulator.services.sagemaker.variants import Mode, Serverless, Variant


def of(backend: Any, config: Any) -> Plan:
    """Return the plan of a configuration: variants, shadow variant and capture."""
    request = getattr(config, "emulator_request", {})
    queued = bool(request.get("AsyncInferenceConfig"))
    variants = tuple(_variant(backend, each, queued) for each in config.production_variants)
    shadows = request.get("ShadowProductionVariants") or []
    share = 0.0
    if shadows:
        share = min(1.0, _weight(shadows[0]) / (_weight(config.production_variants[0]) or 1.0))
    return Plan(
        variants,
        shadow=_variant(backend, shadows[0]) if shadows else None,
        shadow_share=share,
        capture=_capture(variants[0].models[0], request.get("DataCaptureConfig") or {}),
    )


def model_of(backend: Any, name: str) -> Model | None:
    """Return the model of a single container; `None` if it has several."""
    model = backend.describe_model(name)
    containers = [model.primary_container] if model.primary_container else list(model.containers or [])
    if len(containers) > 1:
        return None
    return _model(backend, model, (containers or [{}])[0], 1)


def _weight(variant: dict[str, Any]) -> float:
    weight = variant.get("InitialVariantWeight")
    return 1.0 if weight is None else float(weight)


def _variant(backend: Any, variant: dict[str, Any], queued: bool = False) -> Variant:
    model = backend.describe_model(variant["ModelName"])
    request = getattr(model, "emulator_request", {})
    containers = [model.primary_container] if model.primary_container else list(model.containers or [])
    serverless = variant.get("ServerlessConfig")
    return Variant(
        variant["VariantName"],
        tuple(_model(backend, model, each, number) for number, each in enumerate(containers or [{}], start=1)),
        _mode(containers, request),
        Serverless(int(serverless["MaxConcurrency"]), int(serverless.get("ProvisionedConcurrency") or 0))
        if serverless
        else None,
        asynchronous=queued,
    )


def _mode(containers: list[dict[str, Any]], request: dict[str, Any]) -> Mode:
    if len(containers) > 1:
        execution = request.get("InferenceExecutionConfig") or {}
        return "direct" if execution.get("Mode") == "Direct" else "serial"
    return "multi-model" if containers and containers[0].get("Mode") == "MultiModel" else "single"


def _model(backend: Any, model: Any, container: dict[str, Any], number: int) -> Model:
    return Model(
        name=model.model_name,
        region=backend.region_name,
        role_arn=model.execution_role_arn,
        image=container.get("Image", ""),
        data_url=_data_url(backend, container),
        variables={name: str(value) for name, value in (container.get("Environment") or {}).items()},
        hostname=container.get("ContainerHostname") or f"container{number}",
    )


def _data_url(backend: Any, container: dict[str, Any]) -> str | None:
    """Return the URI of the model's archive, from the container or from its model package."""
    if container.get("ModelDataUrl"):
        return str(container["ModelDataUrl"])
    package_name = container.get("ModelPackageName")
    if not package_name:
        return None
    package = backend.describe_model_package(package_name)
    containers = (package.inference_specification or {}).get("Containers") or [{}]
    url: str | None = containers[0].get("ModelDataUrl")
    return url


def _capture(model: Model, config: dict[str, Any]) -> Capture | None:
    if not config.get("EnableCapture"):
        return None
    types = config.get("CaptureContentTypeHeader") or {}
    return Capture(
        uri=config["DestinationS3Uri"],
        role_arn=model.role_arn,
        region=model.region,
        sampling_percent=float(config["InitialSamplingPercentage"]),
        modes=tuple(option["CaptureMode"] for option in config["CaptureOptions"]),
        kms_key_id=config.get("KmsKeyId"),
        csv_types=tuple(types.get("CsvContentTypes") or ()),
        json_types=tuple(types.get("JsonContentTypes") or ()),
    )
