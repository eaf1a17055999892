"""SageMaker's control plane: complete descriptions, updates of endpoints, deletion of groups and packages."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ResourceInUseException, ValidationError
from moto.sagemaker.models import FakeEndpoint, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from emulator.core.settings import Settings
from emulator.moto.patching import add, wrap

MODEL_MEMBERS = ("Containers", "EnableNetworkIsolation", "InferenceExecutionConfig", "PrimaryContainer", "VpcConfig")
CONFIG_MEMBERS = (
    "AsyncInferenceConfig",
    "DataCaptureConfig",
    "EnableNetworkIsolation",
    "ExecutionRoleArn",
    "ExplainerConfig",
    "KmsKeyId",
    "ProductionVariants",
    "ShadowProductionVariants",
    "VpcConfig",
)


def apply(settings: Settings) -> None:
    _models()
    _endpoint_configs()
    _update_endpoint()
    _endpoint_operations()
    _model_packages()
    _tags()


def _models() -> None:
    """Keep network isolation and containers; moto drops them, so that every plan would replace the model."""

    @wrap(SageMakerResponse, "create_model")
    def create_model(original: Any, self: Any) -> Any:
        answer = original(self)
        model = self.sagemaker_backend._models[self._get_param("ModelName")]
        model.emulator_request = _requested(self, MODEL_MEMBERS)
        return answer

    @wrap(SageMakerResponse, "list_models")
    def list_models(original: Any, self: Any) -> Any:
        """Filter by name; moto lists all models, and a client that deletes the listed ones would delete too many."""
        answer = dict(original(self).result)
        part = self._get_param("NameContains") or ""
        answer["Models"] = [model for model in answer["Models"] if part in model["ModelName"]]
        return ActionResult(answer)

    @wrap(SageMakerResponse, "describe_model")
    def describe_model(original: Any, self: Any) -> Any:
        model = self.sagemaker_backend.describe_model(self._get_param("ModelName"))
        description = {name: value for name, value in model.response_object.items() if name not in MODEL_MEMBERS}
        requested = getattr(model, "emulator_request", None) or dict(model.response_object)
        return ActionResult({**description, **requested})


def _endpoint_configs() -> None:
    """Keep shadow variants, isolation, explainer and empty blocks, as for models."""

    @wrap(SageMakerResponse, "create_endpoint_config")
    def create_endpoint_config(original: Any, self: Any) -> Any:
        answer = original(self)
        config = self.sagemaker_backend.endpoint_configs[self._get_param("EndpointConfigName")]
        # Moto keeps a tuple there, which the tagging API would return as text.
        config.arn = config.endpoint_config_arn
        config.emulator_request = _requested(self, CONFIG_MEMBERS)
        return answer

    @wrap(SageMakerResponse, "describe_endpoint_config")
    def describe_endpoint_config(original: Any, self: Any) -> Any:
        name = self._get_param("EndpointConfigName")
        description = self.sagemaker_backend.describe_endpoint_config(name)
        config = self.sagemaker_backend.endpoint_configs[name]
        requested = getattr(config, "emulator_request", None) or dict(description)
        kept = {key: value for key, value in description.items() if key not in CONFIG_MEMBERS}
        return ActionResult({**kept, **requested})


def _requested(response: Any, members: tuple[str, ...]) -> dict[str, Any]:
    """Return these members of the request."""
    values = {name: response._get_param(name) for name in members}
    return {name: value for name, value in values.items() if value is not None}


PROPERTIES = frozenset({"DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"})


def _retained(self: Any) -> frozenset[str]:
    """Return the properties that UpdateEndpoint retains."""
    if self._get_param("RetainAllVariantProperties") not in (True, "true"):
        return frozenset()
    excluded = self._get_param("ExcludeRetainedVariantProperties") or []
    return PROPERTIES - {each["VariantPropertyType"] for each in excluded}


def _retain(variant: dict[str, Any], known: dict[str, Any], retained: frozenset[str]) -> None:
    """Copy retained properties from the variant of the same name. Until the new fleet serves, old instances count."""
    if "CurrentInstanceCount" not in known:
        return
    if "DesiredInstanceCount" in retained:
        variant["DesiredInstanceCount"] = known["DesiredInstanceCount"]
    if "DesiredWeight" in retained:
        variant["CurrentWeight"] = variant["DesiredWeight"] = known["DesiredWeight"]
    variant["CurrentInstanceCount"] = known["CurrentInstanceCount"]


def _update_endpoint() -> None:
    @add(SageMakerModelBackend)
    def update_endpoint(
        self: Any,
        endpoint_name: str,
        endpoint_config_name: str,
        deployment_config: dict[str, Any] | None = None,
        retained: frozenset[str] = frozenset(),
    ) -> Any:
        """Point an endpoint at another configuration; `moto_compute` wraps this and changes servers.

        `retained` are the properties (DesiredInstanceCount, DesiredWeight, DataCaptureConfig) that stay unchanged.
        """
        endpoint = self.endpoints.get(endpoint_name)
        if endpoint is None:
            arn = FakeEndpoint.arn_formatter(endpoint_name, self.account_id, self.region_name)
            raise ValidationError(message=f'Could not find endpoint "{arn}".')
        if endpoint.endpoint_status in ("Creating", "Updating", "Deleting"):
            raise ValidationError(
                message=f"Cannot update endpoint {endpoint_name} while it is {endpoint.endpoint_status}."
            )
        config = self.describe_endpoint_config(endpoint_config_name)
        known = {each["VariantName"]: each for each in endpoint.production_variants}
        endpoint.endpoint_config_name = endpoint_config_name
        endpoint.production_variants = endpoint._process_production_variants(config["ProductionVariants"])
        for variant in endpoint.production_variants:
            _retain(variant, known.get(variant["VariantName"], {}), retained)
        if "DataCaptureConfig" not in retained:
            endpoint.data_capture_config = config.get("DataCaptureConfig")
        endpoint.emulator_deployment_config = deployment_config
        endpoint.last_modified_time = utcnow()
        return endpoint


def _endpoint_operations() -> None:
    @add(SageMakerResponse)
    def update_endpoint(self: Any) -> Any:
        endpoint = self.sagemaker_backend.update_endpoint(
            self._get_param("EndpointName"),
            self._get_param("EndpointConfigName"),
            self._get_param("DeploymentConfig"),
            _retained(self),
        )
        return ActionResult({"EndpointArn": endpoint.arn})

    @wrap(SageMakerResponse, "create_endpoint")
    def create_endpoint(original: Any, self: Any) -> Any:
        name = self._get_param("EndpointName")
        if name in self.sagemaker_backend.endpoints:
            arn = self.sagemaker_backend.endpoints[name].arn
            raise ValidationError(message=f'Cannot create already existing endpoint "{arn}".')
        answer = original(self)
        self.sagemaker_backend.endpoints[name].emulator_deployment_config = self._get_param("DeploymentConfig")
        return answer

    @wrap(SageMakerResponse, "describe_endpoint")
    def describe_endpoint(original: Any, self: Any) -> Any:
        answer = dict(original(self).result)
        endpoint = self.sagemaker_backend.endpoints[self._get_param("EndpointName")]
        deployment = getattr(endpoint, "emulator_deployment_config", None)
        if deployment:
            answer["LastDeploymentConfig"] = deployment
        if not endpoint.data_capture_config:
            answer.pop("DataCaptureConfig", None)
        return ActionResult(answer)


def _model_packages() -> None:
    @wrap(SageMakerModelBackend, "create_model_package")
    def create_model_package(original: Any, self: Any, **request: Any) -> str:
        """Number versions upwards, as AWS does; moto counts those that are left, which reuses deleted numbers."""
        group = request.get("model_package_group_name")
        if group and str(group).startswith("arn:"):
            request["model_package_group_name"] = group = str(group).rsplit("/", 1)[-1]
        arn = str(original(self, **request))
        numbers = self.__dict__.setdefault("emulator_package_versions", {})
        if group:
            package = self.model_packages[arn]
            number = numbers[group] = max(numbers.get(group, 0) + 1, package.model_package_version)
            if number != package.model_package_version:
                arn = _renumber(self, package, number)
        return arn

    @add(SageMakerResponse)
    def delete_model_package(self: Any) -> Any:
        backend = self.sagemaker_backend
        package = backend.describe_model_package(self._get_param("ModelPackageName"))
        del backend.model_packages[package.arn]
        for name, arn in list(backend.model_package_name_mapping.items()):
            if arn == package.arn:
                del backend.model_package_name_mapping[name]
        return EmptyResult()

    @add(SageMakerResponse)
    def delete_model_package_group(self: Any) -> Any:
        backend = self.sagemaker_backend
        group = backend.describe_model_package_group(self._get_param("ModelPackageGroupName").rsplit("/", 1)[-1])
        name = group.model_package_group_name
        if any(package.model_package_group_name == name for package in backend.model_packages.values()):
            raise ResourceInUseException(f"Model Package Group {name} still has versions; delete them first.")
        del backend.model_package_groups[name]
        return EmptyResult()


def _renumber(backend: Any, package: Any, number: int) -> str:
    for table in (backend.model_packages, backend.model_package_name_mapping):
        table.pop(package.arn, None)
    package.model_package_version = number
    package.arn = f"{package.arn.rsplit('/', 1)[0]}/{number}"
    backend.model_packages[package.arn] = package
    backend.model_package_name_mapping[package.arn] = package.arn
    backend.model_package_name_mapping[package.model_package_name] = package.arn
    return str(package.arn)


def _tags() -> None:
    @wrap(SageMakerModelBackend, "_get_resource_from_arn")
    def get_resource_from_arn(original: Any, self: Any, arn: str) -> Any:
        """Find a resource; moto misses packages, whose ARN has one more slash, and answers 500 for unknown names."""
        kind, _, name = arn.split(":")[-1].partition("/")
        if kind == "model-package":
            return self.describe_model_package(arn)
        resource = original(self, arn) if "/" not in name else None
        if resource is None:
            raise ValidationError(message=f"Could not find {kind} with name {name}")
        resource.tags = resource.tags or []
        return resource

    @wrap(SageMakerModelBackend, "add_tags")
    def add_tags(original: Any, self: Any, arn: str, tags: list[dict[str, str]]) -> list[dict[str, str]]:
        """Keep the last value of a repeated tag; moto keeps both."""
        resource = self._get_resource_from_arn(arn)
        values = {tag["Key"]: tag["Value"] for tag in [*(resource.tags or []), *tags]}
        resource.tags = [{"Key": key, "Value": value} for key, value in values.items()]
        merged: list[dict[str, str]] = resource.tags
        return merged
