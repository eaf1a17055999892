"""Batch inference: objects in, objects out, by jobs of SageMaker or Bedrock that run when there is an input."""

from __future__ import annotations

from typing import Any

from orchestrator.blueprints.sources import model_artifacts
from orchestrator.blueprints.stack import BlueprintStack, Module
from orchestrator.blueprints.upstream import DATA_KEY, LOGS_KEY, inputs
from orchestrator.config.model.blueprint import Batch, BedrockModel, SageMakerModel
from orchestrator.config.rules.prices import NEEDED
from orchestrator.core.terraform_json import code

READ_BY_BOTH = ("format", "column", "id", "types", "delimiter", "on_arrival", "maximum_records")
OF_SOURCE = {
    "sagemaker": (*READ_BY_BOTH, "strategy", "max_payload_mb", "max_concurrent_transforms"),
    "bedrock": (*READ_BY_BOTH, "timeout_hours"),
}
LEFT_TO_THE_MODULE = ("records_per_file", "minimum_records")
"""Their defaults differ by source."""


class BatchStack(BlueprintStack):
    """Runs jobs for inputs; nothing runs between two inputs."""

    def compose(self) -> dict[str, Any]:
        model = self.blueprint.model
        shared = self._shared()
        crawler = shared.get("crawler_name")
        published = (
            self._bedrock(model, crawler) if isinstance(model, BedrockModel) else self._sagemaker(model, crawler)
        )
        return {
            **published,
            "crawler_name": crawler,
            "database_name": shared.get("database_name"),
            "submitter_name": code("var.inference.lambda.submitter_name"),
        }

    def _shared(self) -> Module:
        """Add what the jobs of both sources share: schedule, tables, alarms."""
        name = self.blueprint.name
        results = self.bucket_access("results_access", read=[f"inference_batch_output/{name}"])
        return self.module(
            "runs",
            {
                **inputs("context", "bucket_name", "boundary_arn", "topic_arn"),
                "blueprint": {"name": name, **({"schedule": self._batch.schedule} if self._batch.schedule else {})},
                "submitter": {
                    "name": code("var.inference.lambda.submitter_name"),
                    "arn": code("var.inference.lambda.submitter_arn"),
                },
                "kms_key_arns": {"data": DATA_KEY, "logs": LOGS_KEY},
                "policy_documents": {"bucket": results.get("policy_document")},
                "thresholds": {"error_rate_percent": self.request.monitoring.error_rate_percent},
            },
            source="batch_runs",
        )

    @property
    def _batch(self) -> Batch:
        return self.blueprint.batch or Batch()

    def _options(self, source: str) -> dict[str, Any]:
        options = self._batch.model_dump(exclude_none=True)
        prices = options.pop("prices", {})
        taken = (*OF_SOURCE[source], *LEFT_TO_THE_MODULE)
        return {
            **{name: options[name] for name in taken if name in options and options[name] != {}},
            "prices": {name: prices[name] for name in NEEDED[source] if name in prices},
        }

    def _sagemaker(self, model: SageMakerModel, crawler: Any) -> dict[str, Any]:
        self.declare_model_version()
        blueprint = self.blueprint
        # SageMaker passes input and output of the containers with the model's role.
        parts = f"inference_batch_input/_parts/{blueprint.name}"
        bucket = model_artifacts(self, f"inference_batch_output/{blueprint.name}/raw", read=[parts])
        jobs = self.module(
            "jobs",
            {
                **inputs("context", "model_version", "network", "bucket_name", "boundary_arn", "routes_prefix"),
                "blueprint": {
                    "name": blueprint.name,
                    "instance_type": blueprint.instance_type,
                    "instance_count": blueprint.instance_count,
                    "parameters": self.parameters(),
                    **self.limits(),
                    **self.format(),
                    "batch": self._options("sagemaker"),
                },
                "model_group": self.model_group(model),
                "policy_documents": {
                    "bucket": bucket.get("policy_document"),
                    "execution": code("var.foundation.iam.execution_documents.batch"),
                    "network": code("var.foundation.vpc.network_policy_documents.endpoints"),
                },
                "submitter": {"name": code("var.inference.lambda.submitter_name")},
                "crawler_name": crawler,
            },
        )
        names = ("model_id", "model_package_arn", "route_parameter_name", "release_parameter_name")
        return {name: jobs.get(name) for name in names}

    def _bedrock(self, model: BedrockModel, crawler: Any) -> dict[str, Any]:
        blueprint = self.blueprint
        bucket = self.bucket_access(
            "jobs_access",
            read=[f"inference_batch_input/_parts/{blueprint.name}"],
            write=[f"inference_batch_output/{blueprint.name}/raw"],
        )
        jobs = self.module(
            "jobs",
            {
                **inputs("context", "boundary_arn", "routes_prefix"),
                "blueprint": {
                    "name": blueprint.name,
                    "parameters": self.parameters(),
                    **self.limits(),
                    "batch": self._options("bedrock"),
                },
                "model_id": model.model_id,
                "kms_key_arn": DATA_KEY,
                "policy_documents": {"bucket": bucket.get("policy_document")},
                "submitter": {
                    "name": code("var.inference.lambda.submitter_name"),
                    "role_name": code("var.inference.lambda.submitter_role_name"),
                },
                "crawler_name": crawler,
            },
        )
        return {name: jobs.get(name) for name in ("inference_profile_arn", "model_id", "route_parameter_name")}
