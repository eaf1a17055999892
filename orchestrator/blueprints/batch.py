"""Batch inference: objects in, objects out, by jobs of SageMaker or Bedrock that run when there is an input."""

from __future__ import annotations

from typing import Any

from orchestrator.blueprints.sources import model_artifacts
from orchestrator.blueprints.stack import BlueprintStack, Module
from orchestrator.config.model.blueprint import Batch, BedrockModel, SageMakerModel
from orchestrator.config.rules.prices import NEEDED
from orchestrator.core.terraform_json import code

READ_BY_BOTH = ("format", "column", "delimiter", "on_arrival", "maximum_records")
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
        results = self.module(
            "results_access",
            {"access": code("var.foundation.s3.access"), "read": [f"inference_batch_output/{name}"]},
            source="s3_access",
        )
        return self.module(
            "runs",
            {
                "context": code("var.context"),
                "blueprint": {"name": name, **({"schedule": self._batch.schedule} if self._batch.schedule else {})},
                "submitter": {
                    "name": code("var.inference.lambda.submitter_name"),
                    "arn": code("var.inference.lambda.submitter_arn"),
                },
                "bucket_name": code("var.foundation.s3.bucket_name"),
                "kms_key_arns": {
                    "data": code("var.foundation.kms.data_key_arn"),
                    "logs": code("var.foundation.kms.logs_key_arn"),
                },
                "policy_documents": {"bucket": results.get("policy_document")},
                "boundary_arn": code("var.foundation.iam.boundary_arn"),
                "topic_arn": code("var.foundation.events.topic_arn"),
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
            **{name: options[name] for name in taken if name in options},
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
                "context": code("var.context"),
                "blueprint": {
                    "name": blueprint.name,
                    "instance_type": blueprint.instance_type,
                    "instance_count": blueprint.instance_count,
                    "parameters": self.parameters(),
                    **self.limits(),
                    "batch": self._options("sagemaker"),
                },
                "model_group": self.model_group(model),
                "model_version": code("var.model_version"),
                "network": {
                    "subnet_ids": code("var.foundation.vpc.private_subnet_ids"),
                    "security_group_ids": [code("var.foundation.vpc.security_group_ids.endpoints")],
                },
                "bucket_name": code("var.foundation.s3.bucket_name"),
                "policy_documents": {
                    "bucket": bucket.get("policy_document"),
                    "execution": code("var.foundation.iam.execution_documents.batch"),
                    "network": code("var.foundation.vpc.network_policy_documents.endpoints"),
                },
                "boundary_arn": code("var.foundation.iam.boundary_arn"),
                "submitter": {"name": code("var.inference.lambda.submitter_name")},
                "crawler_name": crawler,
                "routes_prefix": code("var.inference.routes_prefix"),
            },
        )
        names = ("model_id", "model_package_arn", "route_parameter_name", "release_parameter_name")
        return {name: jobs.get(name) for name in names}

    def _bedrock(self, model: BedrockModel, crawler: Any) -> dict[str, Any]:
        blueprint = self.blueprint
        bucket = self.module(
            "jobs_access",
            {
                "access": code("var.foundation.s3.access"),
                "read": [f"inference_batch_input/_parts/{blueprint.name}"],
                "write": [f"inference_batch_output/{blueprint.name}/raw"],
            },
            source="s3_access",
        )
        jobs = self.module(
            "jobs",
            {
                "context": code("var.context"),
                "blueprint": {
                    "name": blueprint.name,
                    "parameters": self.parameters(),
                    **self.limits(),
                    "batch": self._options("bedrock"),
                },
                "model_id": model.model_id,
                "kms_key_arn": code("var.foundation.kms.data_key_arn"),
                "policy_documents": {"bucket": bucket.get("policy_document")},
                "boundary_arn": code("var.foundation.iam.boundary_arn"),
                "submitter": {
                    "name": code("var.inference.lambda.submitter_name"),
                    "role_name": code("var.inference.lambda.submitter_role_name"),
                },
                "crawler_name": crawler,
                "routes_prefix": code("var.inference.routes_prefix"),
            },
        )
        return {name: jobs.get(name) for name in ("inference_profile_arn", "model_id", "route_parameter_name")}
