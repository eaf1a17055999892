"""The base of all blueprint stacks: versions, backend, provider, inputs and the published output.

No value passes through cdktf: it would interpret tokens in texts and numbers, and jsii in keys of maps. cdktf gets a
placeholder for each value, and `filled` replaces it afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cdktf

from orchestrator.blueprints.upstream import DATA_KEY, LOGS_KEY, inputs
from orchestrator.config.model.blueprint import SageMakerModel
from orchestrator.config.model.platform import Blueprint, Monitoring
from orchestrator.core.terraform_json import REQUIRED_AWS, REQUIRED_TERRAFORM, Expression, code, rendered


@dataclass(frozen=True)
class Request:
    """Inputs of one stack; values that are known only at deployment are variables.

    Attributes:
        blueprint: the file's content.
        monitoring: thresholds of the environment's alarms.
        module: name of the HCL module that deploys it.
        modules: folder of the HCL modules, relative to the folder of the written stack.
    """

    blueprint: Blueprint
    monitoring: Monitoring
    module: str
    modules: str


@dataclass(frozen=True)
class Module:
    """A called module."""

    name: str

    def get(self, output: str) -> Expression:
        """Refer to one of its outputs."""
        return Expression(f"module.{self.name}.{output}")


class BlueprintStack(cdktf.TerraformStack):
    """A Terraform root that composes HCL modules; the kinds define its inputs and outputs."""

    def __init__(self, app: cdktf.App, request: Request) -> None:
        super().__init__(app, f"blueprint-{request.blueprint.name}")
        self.request = request
        self.blueprint = request.blueprint
        self._has_packages = False
        self._values: dict[str, Any] = {}
        self._settings()
        self._declare("context")
        self._declare("provider_options")
        for name in ("foundation", "inference"):
            self._declare(name)
        published = self.compose()
        cdktf.TerraformOutput(
            self,
            "blueprint",
            description="What this blueprint publishes.",
            value=self._mark(
                {
                    "name": self.blueprint.name,
                    "kind": self.blueprint.kind,
                    "source": self.blueprint.model.source,
                    **published,
                }
            ),
        )

    def compose(self) -> dict[str, Any]:
        """Add the module(s) and return what the stack publishes beyond name, kind and source."""
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

    def parameters(self) -> dict[str, float | int | str]:
        """Return the default request parameters: numbers stay numbers, and texts of digits stay texts."""
        return dict(sorted(self.blueprint.parameters.items()))

    def limits(self) -> dict[str, Any]:
        """Return the limits that the file sets; the functions have defaults for the others."""
        limits = self.blueprint.limits.model_dump(exclude_unset=True, exclude_none=True)
        return {"limits": limits} if limits else {}

    def model_group(self, model: SageMakerModel) -> dict[str, str | Expression]:
        """Return the model group of the versions: its key in the environment files, and its name."""
        return {
            "key": model.group,
            "name": code("var.foundation.model_registry.group_names[{}]", model.group),
        }

    def routing(self) -> dict[str, Any]:
        """Return the routing options that differ from the defaults."""
        routing = self.blueprint.routing.model_dump(exclude_none=True, exclude_defaults=True)
        if self.blueprint.routing.shadow is not None:
            routing["shadow"] = self.blueprint.routing.shadow.model_dump()
        return {"routing": routing} if routing else {}

    def _settings(self) -> None:
        # cdktf cannot write an empty backend block: bucket, key and region come from backend.hcl at init.
        cdktf.S3Backend(self, bucket="", key="")
        self.add_override("terraform.backend.s3.bucket", None)
        self.add_override("terraform.backend.s3.key", None)
        self.add_override("terraform.required_version", REQUIRED_TERRAFORM)
        self.add_override("terraform.required_providers.aws", REQUIRED_AWS)
        tags = code("merge(var.context.tags, { blueprint = {} })", self.blueprint.name)
        provider = {
            "region": code("var.context.region"),
            "default_tags": [{"tags": tags}],
            "s3_use_path_style": code("var.provider_options.s3_use_path_style"),
            "max_retries": code("var.provider_options.max_retries"),
        }
        self.add_override("provider.aws", self._mark([provider]))

    def _declare(self, name: str) -> None:
        cdktf.TerraformVariable(self, name, type="any", description=DESCRIPTIONS[name])

    def declare_model_version(self) -> None:
        self._declare("model_version")

    def function(self, name: str, variables: Mapping[str, Any]) -> Module:
        """Add a function: `variables` are the inputs of the module lambda beyond those that all functions have.

        Its package has the same name (`matrix.Cell.packages`).
        """
        if not self._has_packages:
            self._declare("packages")
            self._has_packages = True
        shared = {
            **inputs("context", "boundary_arn", "bucket_name"),
            "package": code("var.packages[{}]", name),
            "kms_key_arns": {"environment": DATA_KEY, "logs": LOGS_KEY},
        }
        function = {"handler": f"{name}.handler.handler", **variables["function"]}
        return self.module(name, {**shared, **variables, "function": function}, source="lambda")


DESCRIPTIONS = {
    "context": "Project, environment, region, account, name prefix and tags.",
    "provider_options": "Settings of the AWS provider.",
    "foundation": "Published by the foundation phase.",
    "inference": "Published by the inference phase.",
    "packages": "Built functions by name.",
    "model_version": "The live version of the model: model_package_arn, model_data_url, image, files_sha256.",
}
