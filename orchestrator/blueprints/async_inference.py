"""Asynchronous inference: a SageMaker endpoint with a queue, or a queue and a worker function before Bedrock."""

from __future__ import annotations

from typing import Any

from orchestrator.blueprints.sources import ENDPOINT_OUTPUTS, model_artifacts
from orchestrator.blueprints.stack import BlueprintStack, Module
from orchestrator.config.model.async_inference import Async
from orchestrator.config.model.blueprint import BedrockModel, SageMakerModel
from orchestrator.core.terraform_json import code

SAGEMAKER_INPUT_MB = 100
BEDROCK_INPUT_MB = 5
WORKER_MARGIN_SECONDS = 20
"""What the worker has beyond the model's time, to write the result and to tell of it."""


class AsyncStack(BlueprintStack):
    """Takes a request at once and answers it in S3; topics tell of its end."""

    def compose(self) -> dict[str, Any]:
        model, asked = self.blueprint.model, self.blueprint.async_ or Async()
        results = self._results(asked)
        published = (
            self._bedrock(model, asked, results)
            if isinstance(model, BedrockModel)
            else self._sagemaker(model, asked, results)
        )
        callback = {"topic_arns": results.get("topic_arns"), "secret_parameter": results.get("secret_parameter")}
        return {**published, **callback, "table_name": results.get("table_name")}

    def _results(self, asked: Async) -> Module:
        """Topics, and whom they tell; the same for both sources."""
        callback, name = asked.callback, self.blueprint.name
        wanted: dict[str, Any] = {"emails": callback.emails, "webhook": callback.webhook is not None}
        if callback.table:
            wanted["table"] = {"keep_days": callback.keep_days}
        variables: dict[str, Any] = {
            "context": code("var.context"),
            "blueprint_name": name,
            "callback": wanted,
            "kms_key_arns": {
                "messages": code("var.foundation.kms.logs_key_arn"),
                "data": code("var.foundation.kms.data_key_arn"),
            },
            "topic_arn": code("var.foundation.events.topic_arn"),
        }
        if callback.webhook is not None or callback.table:
            self._callback(asked)
            variables["function"] = {
                "arn": code("module.async_callback.arn"),
                "name": code("module.async_callback.name"),
            }
        return self.module("results", variables, source="async_results")

    def _callback(self, asked: Async) -> None:
        name = self.blueprint.name
        environment = {
            "BLUEPRINT": name,
            "WEBHOOK_URL": asked.callback.webhook or "",
            "SECRET_PARAMETER": code("module.results.secret_parameter"),
            "TABLE_NAME": code("module.results.table_name"),
            "KEEP_DAYS": str(asked.callback.keep_days),
        }
        self.function(
            "async_callback",
            {
                "policy_documents": {"callback": code("module.results.callback_policy_document")},
                "asynchronous": {"dead_letter_arn": code("module.results.dead_letter_arn")},
                "function": {
                    "name": f"{name}-callback",
                    "description": f"Tells webhook and table that requests of {name} have ended.",
                    "timeout_seconds": 60,
                    "environment": environment,
                },
            },
        )

    def _bedrock(self, model: BedrockModel, asked: Async, results: Module) -> dict[str, Any]:
        name = self.blueprint.name
        timeout = asked.timeout_seconds + WORKER_MARGIN_SECONDS
        largest = asked.max_input_mb or BEDROCK_INPUT_MB
        self._worker(asked, timeout, largest)
        queue = self.module(
            "queue",
            {
                "context": code("var.context"),
                "blueprint_name": name,
                "worker": {
                    "arn": code("module.async_worker.arn"),
                    "role_name": code("module.async_worker.role_name"),
                },
                "limits": {
                    "timeout_seconds": timeout,
                    "max_concurrency": asked.max_concurrency,
                    "max_attempts": asked.max_attempts,
                },
                "topic_arns": results.get("topic_arns"),
                "kms_key_arn": code("var.foundation.kms.logs_key_arn"),
                "topic_arn": code("var.foundation.events.topic_arn"),
                "routes_prefix": code("var.inference.routes_prefix"),
                "thresholds": {"error_rate_percent": self.request.monitoring.error_rate_percent},
            },
        )
        more: dict[str, Any] = {}
        if model.provisioned is not None:
            more["provisioned"] = model.provisioned.model_dump(exclude_none=True)
        if self.blueprint.guardrail is not None:
            key = {"kms_key_arn": code("var.foundation.kms.data_key_arn")}
            more["guardrail"] = {**self.blueprint.guardrail.model_dump(), **key}
        profile = self.module(
            "model",
            {
                **more,
                "context": code("var.context"),
                "blueprint": {"name": name, "kind": "async", "parameters": self.parameters(), **self.limits()},
                "model_id": model.model_id,
                "topic_arn": code("var.foundation.events.topic_arn"),
                "routes_prefix": code("var.inference.routes_prefix"),
                "router_role_name": code("module.async_worker.role_name"),
                "thresholds": {"error_rate_percent": self.request.monitoring.error_rate_percent},
                "job": {
                    "queue_url": queue.get("queue_url"),
                    "ttl_seconds": asked.ttl_seconds,
                    "invocation_timeout_seconds": asked.timeout_seconds,
                    "max_input_mb": largest,
                },
            },
            source="bedrock_model",
        )
        published = {each: profile.get(each) for each in ("inference_profile_arn", "model_id", "route_parameter_name")}
        return {**published, "queue_url": queue.get("queue_url"), "queue_name": queue.get("queue_name")}

    def _worker(self, asked: Async, timeout: int, largest: int) -> None:
        name = self.blueprint.name
        folders = {each: f"inference_async_{each}/{name}" for each in ("input", "output", "failures")}
        self.module(
            "worker_storage",
            {
                "access": code("var.foundation.s3.access"),
                "read": list(folders.values()),
                "write": list(folders.values()),
                # A worker that settled on a failure takes a result away that a second one wrote at the same moment.
                "delete": [folders["output"]],
            },
            source="s3_access",
        )
        environment = {
            "BLUEPRINT": name,
            "ROUTES_PREFIX": code("var.inference.routes_prefix"),
            "BUCKET": code("var.foundation.s3.bucket_name"),
            "QUEUE_URL": code("module.queue.queue_url"),
            "DEAD_LETTER_ARN": code("module.queue.dead_letter_arn"),
            "SUCCESS_TOPIC_ARN": code("module.results.topic_arns.success"),
            "ERROR_TOPIC_ARN": code("module.results.topic_arns.error"),
            "MAX_ATTEMPTS": str(asked.max_attempts),
            "TTL_SECONDS": str(asked.ttl_seconds),
            "MAX_INPUT_MB": str(largest),
            "MARGIN_SECONDS": str(WORKER_MARGIN_SECONDS - 5),
        }
        self.function(
            "async_worker",
            {
                "policy_documents": {"bucket": code("module.worker_storage.policy_document")},
                "function": {
                    "name": f"{name}-worker",
                    "description": f"Asks Bedrock for what waits in the queue of {name}.",
                    "memory_mb": 512,
                    "timeout_seconds": timeout,
                    "environment": environment,
                },
            },
        )

    def _sagemaker(self, model: SageMakerModel, asked: Async, results: Module) -> dict[str, Any]:
        self.declare_model_version()
        blueprint, monitoring = self.blueprint, self.request.monitoring
        name = blueprint.name
        written = [f"inference_async_{each}/{name}" for each in ("output", "failures")]
        bucket = model_artifacts(self, *written, read=[f"inference_async_input/{name}"])
        endpoint = self.module(
            "endpoint",
            {
                "context": code("var.context"),
                "blueprint": {
                    "name": name,
                    "instance_type": blueprint.instance_type,
                    "instances": {"min": asked.min_instances, "max": asked.max_instances},
                    "backlog_per_instance": asked.backlog_per_instance,
                    "max_concurrency": asked.max_concurrency,
                    "ttl_seconds": asked.ttl_seconds,
                    "invocation_timeout_seconds": asked.timeout_seconds,
                    "max_input_mb": asked.max_input_mb or SAGEMAKER_INPUT_MB,
                    "parameters": self.parameters(),
                    **self.limits(),
                },
                "model_group": self.model_group(model),
                "model_version": code("var.model_version"),
                "network": {
                    "subnet_ids": code("var.foundation.vpc.private_subnet_ids"),
                    "security_group_ids": [code("var.foundation.vpc.security_group_ids.endpoints")],
                },
                "kms_key_arns": {
                    "data": code("var.foundation.kms.data_key_arn"),
                    "models": code("var.foundation.kms.models_key_arn"),
                    "logs": code("var.foundation.kms.logs_key_arn"),
                },
                "bucket_name": code("var.foundation.s3.bucket_name"),
                "topic_arns": results.get("topic_arns"),
                "policy_documents": {
                    "bucket": bucket.get("policy_document"),
                    "execution": code("var.foundation.iam.execution_documents.async"),
                    "network": code("var.foundation.vpc.network_policy_documents.endpoints"),
                },
                "boundary_arn": code("var.foundation.iam.boundary_arn"),
                "topic_arn": code("var.foundation.events.topic_arn"),
                "routes_prefix": code("var.inference.routes_prefix"),
                "thresholds": {"error_rate_percent": monitoring.error_rate_percent},
            },
        )
        return {each: endpoint.get(each) for each in (*ENDPOINT_OUTPUTS, "release_parameter_name")}
