"""What all blueprint stacks have in common: versions, backend, provider, inputs and the published output.

cdktf gets no value to see: it reads tokens of its own in texts and numbers, and jsii its own marks in keys of maps. It
is given a mark for each value, and `filled` puts the value there when cdktf is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cdktf

from orchestrator.config.model.blueprint import SageMakerModel
from orchestrator.config.model.platform import Blueprint, Monitoring
from orchestrator.core.terraform_json import REQUIRED_AWS, REQUIRED_TERRAFORM, Expression, code, rendered


@dataclass(frozen=True)
class Request:
    """What one stack is made from; values that only the deployment knows arrive as variables.

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
    """A module that was called."""

    name: str

    def get(self, output: str) -> Expression:
        """What it publishes under a name."""
        return Expression(f"module.{self.name}.{output}")


class BlueprintStack(cdktf.TerraformStack):
    """A Terraform root that composes HCL modules; kinds say which inputs it gets and what is published."""

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
        """What cdktf has written, with the values in their places."""
        if isinstance(document, dict):
            return {key: self.filled(each) for key, each in document.items()}
        if isinstance(document, list):
            return [self.filled(each) for each in document]
        return self._values.get(document, document) if isinstance(document, str) else document

    def _mark(self, value: Any) -> str:
        """What stands for a value while cdktf is at work; no name of a blueprint, module or output has brackets."""
        mark = f"<value {len(self._values)}>"
        self._values[mark] = rendered(value)
        return mark

    def module(self, name: str, variables: Mapping[str, Any], source: str | None = None) -> Module:
        """Call a module: the kind's own, or the one that `source` names (then it is in `inputs.SHARED_MODULES`)."""
        cdktf.TerraformHclModule(
            self,
            name,
            source=f"{self.request.modules}/{source or self.request.module}",
            # Without this cdktf copies the module into its own output folder, under a hashed name.
            skip_asset_creation_from_local_modules=True,
            variables={variable: self._mark(value) for variable, value in variables.items()},
        )
        return Module(name)

    def parameters(self) -> dict[str, float | int | str]:
        """Default request parameters: a number stays a number, and a text of digits a text."""
        return dict(sorted(self.blueprint.parameters.items()))

    def limits(self) -> dict[str, Any]:
        """What the file limits; the functions know the rest."""
        given = self.blueprint.limits.model_dump(exclude_unset=True, exclude_none=True)
        return {"limits": given} if given else {}

    def model_group(self, model: SageMakerModel) -> dict[str, str | Expression]:
        """The group of the registry that versions come from: its key in the environment files, and its name."""
        return {
            "key": model.group,
            "name": code("var.foundation.model_registry.group_names[{}]", model.group),
        }

    def routing(self) -> dict[str, Any]:
        """What was asked of the router beside the own model; nothing where nothing was."""
        asked = self.blueprint.routing.model_dump(exclude_none=True, exclude_defaults=True)
        if self.blueprint.routing.shadow is not None:
            asked["shadow"] = self.blueprint.routing.shadow.model_dump()
        return {"routing": asked} if asked else {}

    def _settings(self) -> None:
        # cdktf knows no empty backend block: bucket, key and region come from backend.hcl at init.
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
        """A function of the blueprint's own: `variables` are what the module lambda wants beside what all have.

        Its package is the one of this name (`matrix.Cell.packages`).
        """
        if not self._has_packages:
            self._declare("packages")
            self._has_packages = True
        shared = {
            "context": code("var.context"),
            "boundary_arn": code("var.foundation.iam.boundary_arn"),
            "bucket_name": code("var.foundation.s3.bucket_name"),
            "package": code("var.packages[{}]", name),
            "kms_key_arns": {
                "environment": code("var.foundation.kms.data_key_arn"),
                "logs": code("var.foundation.kms.logs_key_arn"),
            },
        }
        function = {"handler": f"{name}.handler.handler", **variables["function"]}
        return self.module(name, {**shared, **variables, "function": function}, source="lambda")


DESCRIPTIONS = {
    "context": "Who and where: project, environment, region, account, name prefix and tags.",
    "provider_options": "Settings of the AWS provider.",
    "foundation": "Published by the foundation phase.",
    "inference": "Published by the inference phase.",
    "packages": "Built functions by name.",
    "model_version": "The live version of the model: model_package_arn, model_data_url, image, files_sha256.",
}
