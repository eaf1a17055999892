"""A training: model package group, roles, code, and the state machine from raw data to the live version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.blueprints.matrix import model_package
from orchestrator.blueprints.stack import FileStack
from orchestrator.blueprints.upstream import DATA_KEY, inputs
from orchestrator.config.images import image_of
from orchestrator.config.model.golden import for_probe
from orchestrator.config.model.training import TrainingJob
from orchestrator.core.terraform_json import Expression, code

_NETWORK = {
    "subnet_ids": code("var.foundation.vpc.private_subnet_ids"),
    "security_group_ids": [code("var.foundation.vpc.security_group_ids.training")],
}


class TrainingStack(FileStack):
    """Trains, judges, registers and releases a model."""

    family = "training"
    upstream = ("foundation", "data", "models", "dataset")

    @property
    def training(self) -> TrainingJob:
        assert isinstance(self.request.file, TrainingJob)
        return self.request.file

    def compose(self) -> dict[str, Any]:
        name = self.training.name
        registry = self.module(
            "registry",
            {**inputs("context"), "groups": {name: {"description": self.training.description}}},
            source="model_registry",
        )
        group = registry.get("group_names").item(name)
        image = image_of(self.training.framework, self.request.region)
        jobs = self.module(
            "jobs",
            {
                **inputs("context", "bucket_name", "boundary_arn"),
                "name": name,
                "package": self.package(model_package(name)),
                "model_group": {"key": name, "name": group},
                "kms_key_arn": DATA_KEY,
                "image": {"repository": image.repository, "tag": image.tag, "uri": image.uri},
                "policy_documents": self._policies(),
            },
            source="sagemaker",
        )
        pipeline = self.module("pipeline", self._pipeline(jobs.get, group), source="stepfunctions")
        outputs = ("state_machine_arn", "default_input", "steps", "approval_state", "metric_namespace")
        return {
            "group_name": group,
            "live_parameter_name": jobs.get("live_parameter_name"),
            "stepfunctions": {output: pipeline.get(output) for output in outputs},
        }

    def _pipeline(self, jobs: Any, group: Expression) -> dict[str, Any]:
        training = self.training
        settings = training.model_dump(
            include={
                "instance_type", "volume_gb", "max_runtime_seconds", "spot", "hyperparameters", "metrics", "approval",
                "approval_days",
            }
        )  # fmt: skip
        return {
            **inputs("context", "bucket_name", "boundary_arn", "kms_key_arns", "topic_arn"),
            "name": training.name,
            "dataset": training.dataset,
            "poll_seconds": training.poll_seconds,
            "golden": for_probe(training.golden),
            "bucket_policy_document": self._access(
                "pipeline",
                list=[f"data_raw/{training.dataset}"],
                read=["artifacts_evaluations", "models_registered"],
            ),
            "glue": {
                "crawler_names": code("var.dataset.crawler_names"),
                "job_name": code("var.dataset.job_name"),
                "role_arn": code("var.dataset.role_arn"),
                "raw_elsewhere": code("var.dataset.raw_elsewhere"),
                "quality": {
                    "ruleset_name": code("var.dataset.quality_ruleset_name"),
                    "database_name": code("var.dataset.database_names.processed"),
                    "table_name": code("var.dataset.table_name"),
                },
            },
            "release_machine_arn": code(
                'format("arn:%s:states:%s:%s:stateMachine:%s-release", split(":", var.foundation.iam.boundary_arn)[1], '
                "var.context.region, var.context.account_id, var.context.name_prefix)"
            ),
            "function_arns": {
                function: code("var.models.lambda[{}]", f"{function}_arn")
                for function in ("data_validation", "model_artifacts", "endpoint_probe")
            },
            "training": {
                **settings,
                **_NETWORK,
                "role_arn": jobs("training_role_arn"),
                "endpoint_role_arn": jobs("candidate_role_arn"),
                "image_uri": jobs("image_uri"),
                "source_uri": jobs("source_uri"),
            },
            "evaluation": {
                **training.model_dump(include={"task", "positive", "slices", "gate"}),
                "role_arn": jobs("evaluation_role_arn"),
                "program_uri": code("var.models.sagemaker.evaluation_uri"),
                "spec_uri": code('format("s3://%s/%s", var.foundation.s3.bucket_name, var.dataset.spec_key)'),
            },
            "registry": {"group_name": group, "live_parameter_name": jobs("live_parameter_name")},
        }

    def _policies(self) -> dict[str, Any]:
        """Return the documents of the roles: bucket, base of everything that SageMaker runs, network."""
        network = code("var.foundation.vpc.network_policy_documents.training")
        return {
            "training": {
                "bucket": self._access(
                    "training",
                    read=[f"data_features/{self.training.dataset}", "artifacts_code", "artifacts_checkpoints"],
                    write=["artifacts_training_outputs", "artifacts_checkpoints"],
                ),
                "execution": code("var.foundation.iam.execution_documents.base"),
                "network": network,
            },
            "evaluation": {
                "bucket": self._access(
                    "evaluation",
                    read=[
                        *(
                            f"data_features/{each}"
                            for each in (self.training.dataset, f"labels/{self.training.dataset}")
                        ),
                        *("artifacts_code", "artifacts_training_outputs", "models_registered"),
                    ],
                    write=["artifacts_evaluations"],
                ),
                "execution": code("var.foundation.iam.execution_documents.base"),
                "network": network,
            },
            "candidate": {
                "bucket": self._access("candidate", read=["models_registered"]),
                "execution": code("var.foundation.iam.execution_documents.realtime"),
                "network": network,
            },
        }

    def _access(self, role: str, **folders: Sequence[str]) -> Expression:
        return self.bucket_access(f"{role}_access", **folders).get("policy_document")
