"""The base of all stacks that are synthesised from a file: versions, backend, provider, inputs, published output.

No value passes through cdktf: it would interpret tokens in texts and numbers, and jsii in keys of maps. cdktf gets a
placeholder for each value, and `filled` replaces it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import cdktf

from orchestrator.blueprints.upstream import DATA_KEY, LOGS_KEY, inputs
from orchestrator.config.model.blueprint import SageMakerModel
from orchestrator.config.model.golden import for_probe
from orchestrator.config.model.platform import Blueprint, Described, Monitoring
from orchestrator.core.terraform_json import REQUIRED_AWS, REQUIRED_TERRAFORM, Expression, code, rendered


@dataclass(frozen=True)
class Request:
    """Inputs of one stack; values that are known only at deployment are variables.

    Attributes:
        file: its content.
        monitoring: thresholds of the environment's alarms.
        module: name of the HCL module that deploys it.
        modules: folder of the HCL modules, relative to the folder of the written stack.
        region: where it is deployed.
        own_groups: model groups that trainings of the environment make, by short name.
    """

    file: Described
    monitoring: Monitoring
    module: str
    modules: str
    region: str = ""
    own_groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Module:
    """A called module."""

    name: str

    def get(self, output: str) -> Expression:
        """Refer to one of its outputs."""
        return Expression(f"module.{self.name}.{output}")


class FileStack(cdktf.TerraformStack):
    """A Terraform root that composes HCL modules; the kinds define its inputs and outputs."""

    family: ClassVar[str]
    """Kind of file: prefix of the stack's name, name of what it publishes, key of its tag."""
    upstream: ClassVar[tuple[str, ...]]
    """Variables with what other stacks publish."""

    def __init__(self, app: cdktf.App, request: Request) -> None:
        super().__init__(app, f"{self.family}-{request.file.name}")
        self.request = request
        self._has_packages = False
        self._values: dict[str, Any] = {}
        self._settings()
        for name in ("context", "provider_options", *self.upstream):
            self._declare(name)
        published = self.compose()
        cdktf.TerraformOutput(
            self,
            self.family,
            description=f"What this {self.family} publishes.",
            value=self._mark({**self.identity(), **published}),
        )

    def identity(self) -> dict[str, str]:
        """Return what says in the published object which file this is."""
        return {"name": self.request.file.name, "kind": self.request.file.kind}

    def compose(self) -> dict[str, Any]:
        """Add the module(s) and return what the stack publishes beyond its identity."""
        raise NotImplementedError

    def filled(self, document: Any) -> Any:
        """Replace the placeholders in cdktf's output with the values."""
        if isinstance(document, dict):
            return {key: self.filled(each) for key, each in document.items()}
        if isinstance(document, list):
            return [self.filled(each) for each in document]
        return self._values.get(document, document) if isinstance(document, str) else document

    def _mark(self, value: Any) -> str:
        """Store a value and return its placeholder; no name of a blueprint, module or output has brackets."""
        mark = f"<value {len(self._values)}>"
        self._values[mark] = rendered(value)
        return mark

    def module(self, name: str, variables: Mapping[str, Any], source: str | None = None) -> Module:
        """Call a module: the kind's own, or `source` (which is in `inputs.SHARED_MODULES` then)."""
        cdktf.TerraformHclModule(
            self,
            name,
            source=f"{self.request.modules}/{source or self.request.module}",
            # Without this cdktf copies the module into its own output folder, under a hashed name.
            skip_asset_creation_from_local_modules=True,
            variables={variable: self._mark(value) for variable, value in variables.items()},
        )
        return Module(name)

    def bucket_access(self, name: str, **folders: Sequence[str]) -> Module:
        """Grant rights (`read`, `write`, `delete`) on folders of the data bucket."""
        granted = {right: list(named) for right, named in folders.items() if named}
        return self.module(name, {"access": code("var.foundation.s3.access"), **granted}, source="s3_access")

    def _settings(self) -> None:
        # cdktf cannot write an empty backend block: bucket, key and region come from backend.hcl at init.
        cdktf.S3Backend(self, bucket="", key="")
        self.add_override("terraform.backend.s3.bucket", None)
        self.add_override("terraform.backend.s3.key", None)
        self.add_override("terraform.required_version", REQUIRED_TERRAFORM)
        self.add_override("terraform.required_providers.aws", REQUIRED_AWS)
        tags = code("merge(var.context.tags, { {} = {} })", self.family, self.request.file.name)
        provider = {
            "region": code("var.context.region"),
            "default_tags": [{"tags": tags}],
            "s3_use_path_style": code("var.provider_options.s3_use_path_style"),
            "max_retries": code("var.provider_options.max_retries"),
        }
        self.add_override("provider.aws", self._mark([provider]))

    def _declare(self, name: str) -> None:
        cdktf.TerraformVariable(self, name, type="any", description=DESCRIPTIONS[name])

    def package(self, name: str) -> Expression:
        """Refer to a built package: its path and hash."""
        self._declare_packages()
        return code("var.packages[{}]", name)

    def package_path(self, name: str) -> Expression:
        """Refer to the path of a built package."""
        self._declare_packages()
        return code("var.packages[{}].path", name)

    def _declare_packages(self) -> None:
        if not self._has_packages:
            self._declare("packages")
            self._has_packages = True


class BlueprintStack(FileStack):
    """A stack of one of the inference kinds."""

    family = "blueprint"
    upstream = ("foundation", "inference")

    @property
    def blueprint(self) -> Blueprint:
        assert isinstance(self.request.file, Blueprint)
        return self.request.file

    def identity(self) -> dict[str, str]:
        return {**super().identity(), "source": self.blueprint.model.source}

    def parameters(self) -> dict[str, float | int | str]:
        """Return the default request parameters: numbers stay numbers, and texts of digits stay texts."""
        return dict(sorted(self.blueprint.parameters.items()))

    def limits(self) -> dict[str, Any]:
        """Return the limits that the file sets; the functions have defaults for the others."""
        limits = self.blueprint.limits.model_dump(exclude_unset=True, exclude_none=True)
        return {"limits": limits} if limits else {}

    def format(self) -> dict[str, str]:
        """Return the container's format if it is not the platform's own."""
        return {} if self.blueprint.format == "inputs" else {"format": self.blueprint.format}

    def golden(self) -> dict[str, Any]:
        """Return the golden cases with which releases probe the endpoint."""
        return {"golden": for_probe(self.blueprint.smoke.golden)}

    def model_group(self, model: SageMakerModel) -> dict[str, str | Expression]:
        """Return the model group of the versions: its key in the environment files, and its name."""
        return {"key": model.group, "name": self.group_name(model.group)}

    def group_name(self, group: str) -> Expression:
        """Refer to the full name of a model package group."""
        if group in self.request.own_groups:
            return code('format("%s-%s", var.context.name_prefix, {})', group)
        return code("var.foundation.model_registry.group_names[{}]", group)

    def routing(self) -> dict[str, Any]:
        """Return the routing options that differ from the defaults."""
        routing = self.blueprint.routing.model_dump(exclude_none=True, exclude_defaults=True)
        if self.blueprint.routing.shadow is not None:
            routing["shadow"] = self.blueprint.routing.shadow.model_dump()
        return {"routing": routing} if routing else {}

    def declare_model_version(self) -> None:
        self._declare("model_version")

    def function(self, name: str, variables: Mapping[str, Any]) -> Module:
        """Add a function: `variables` are the inputs of the module lambda beyond those that all functions have.

        Its package has the same name (`matrix.Cell.packages`).
        """
        shared = {
            **inputs("context", "boundary_arn", "bucket_name"),
            "package": self.package(name),
            "kms_key_arns": {"environment": DATA_KEY, "logs": LOGS_KEY},
        }
        function = {"handler": f"{name}.handler.handler", **variables["function"]}
        return self.module(name, {**shared, **variables, "function": function}, source="lambda")


DESCRIPTIONS = {
    "context": "Project, environment, region, account, name prefix and tags.",
    "provider_options": "Settings of the AWS provider.",
    "foundation": "Published by the foundation phase.",
    "inference": "Published by the inference phase.",
    "data": "Published by the data phase.",
    "models": "Published by the models phase.",
    "dataset": "Published by the dataset.",
    "packages": "Built packages by name.",
    "model_version": "The live version of the model: model_package_arn, model_data_url, image, files_sha256.",
}
