"""Asynchronous inference: a SageMaker endpoint with a queue, or a queue and a worker function before Bedrock."""

from __future__ import annotations

from typing import Any

from orchestrator.blueprints.sources import ENDPOINT_OUTPUTS, bedrock_model, model_artifacts
from orchestrator.blueprints.stack import BlueprintStack, Module
from orchestrator.blueprints.upstream import DATA_KEY, LOGS_KEY, inputs
from orchestrator.config.model.async_inference import Async
from orchestrator.config.model.blueprint import BedrockModel, SageMakerModel
from orchestrator.core.terraform_json import code

SAGEMAKER_INPUT_MB = 100
BEDROCK_INPUT_MB = 5
WORKER_MARGIN_SECONDS = 20
"""Time of the worker beyond the model's timeout, to write the result and publish the notification."""


class AsyncStack(BlueprintStack):
    """Accepts a request at once, writes the answer to S3 and notifies topics of the result."""

    def compose(self) -> dict[str, Any]:
        model, options = self.blueprint.model, self.blueprint.async_ or Async()
        results = self._results(options)
        published = (
            self._bedrock(model, options, results)
            if isinstance(model, BedrockModel)
            else self._sagemaker(model, options, results)
        )
        callback = {"topic_arns": results.get("topic_arns"), "secret_parameter": results.get("secret_parameter")}
        return {**published, **callback, "table_name": results.get("table_name")}

    def _results(self, options: Async) -> Module:
        """Add the topics and their subscribers, the same for both sources."""
        callback, name = options.callback, self.blueprint.name
        subscribers: dict[str, Any] = {"emails": callback.emails, "webhook": callback.webhook is not None}
        if callback.table:
            subscribers["table"] = {"keep_days": callback.keep_days}
        variables: dict[str, Any] = {
            **inputs("context", "topic_arn"),
            "blueprint_name": name,
            "callback": subscribers,
            "kms_key_arns": {"messages": LOGS_KEY, "data": DATA_KEY},
        }
        if callback.webhook is not None or callback.table:
            self._callback(options)
            variables["function"] = {
                "arn": code("module.async_callback.arn"),
                "name": code("module.async_callback.name"),
            }
        return self.module("results", variables, source="async_results")

    def _callback(self, options: Async) -> None:
        name = self.blueprint.name
        environment = {
            "BLUEPRINT": name,
            "WEBHOOK_URL": options.callback.webhook or "",
            "SECRET_PARAMETER": code("module.results.secret_parameter"),
            "TABLE_NAME": code("module.results.table_name"),
            "KEEP_DAYS": str(options.callback.keep_days),
        }
        self.function(
            "async_callback",
            {
                "policy_documents": {"callback": code("module.results.callback_policy_document")},
                "asynchronous": {"dead_letter_arn": code("module.results.dead_letter_arn")},
                "function": {
                    "name": f"{name}-callback",
                    "description": f"Notifies webhook and table when requests of {name} end.",
                    "timeout_seconds": 60,
                    "environment": environment,
                },
            },
        )

    def _bedrock(self, model: BedrockModel, options: Async, results: Module) -> dict[str, Any]:
        name = self.blueprint.name
        timeout = options.timeout_seconds + WORKER_MARGIN_SECONDS
        largest = options.max_input_mb or BEDROCK_INPUT_MB
        self._worker(options, timeout, largest)
        queue = self.module(
            "queue",
            {
                **inputs("context", "topic_arn", "routes_prefix"),
                "blueprint_name": name,
                "worker": {
                    "arn": code("module.async_worker.arn"),
                    "role_name": code("module.async_worker.role_name"),
                },
                "limits": {
                    "timeout_seconds": timeout,
                    "max_concurrency": options.max_concurrency,
                    "max_attempts": options.max_attempts,
                },
                "topic_arns": results.get("topic_arns"),
                "kms_key_arn": LOGS_KEY,
                "thresholds": {"error_rate_percent": self.request.monitoring.error_rate_percent},
            },
        )
        job = {
            "queue_url": queue.get("queue_url"),
            "ttl_seconds": options.ttl_seconds,
            "invocation_timeout_seconds": options.timeout_seconds,
            "max_input_mb": largest,
        }
        published = bedrock_model(self, model, caller=code("module.async_worker.role_name"), job=job)
        return {**published, "queue_url": queue.get("queue_url"), "queue_name": queue.get("queue_name")}

    def _worker(self, options: Async, timeout: int, largest: int) -> None:
        name = self.blueprint.name
        folders = {each: f"inference_async_{each}/{name}" for each in ("input", "output", "failures")}
        self.bucket_access(
            "worker_storage",
            read=list(folders.values()),
            write=list(folders.values()),
            # A worker that recorded a failure deletes a result that a second worker wrote at the same moment.
            delete=[folders["output"]],
        )
        environment = {
            "BLUEPRINT": name,
            "ROUTES_PREFIX": code("var.inference.routes_prefix"),
            "BUCKET": code("var.foundation.s3.bucket_name"),
            "QUEUE_URL": code("module.queue.queue_url"),
            "DEAD_LETTER_ARN": code("module.queue.dead_letter_arn"),
            "SUCCESS_TOPIC_ARN": code("module.results.topic_arns.success"),
            "ERROR_TOPIC_ARN": code("module.results.topic_arns.error"),
            "MAX_ATTEMPTS": str(options.max_attempts),
            "TTL_SECONDS": str(options.ttl_seconds),
            "MAX_INPUT_MB": str(largest),
            "MARGIN_SECONDS": str(WORKER_MARGIN_SECONDS - 5),
        }
        self.function(
            "async_worker",
            {
                "policy_documents": {"bucket": code("module.worker_storage.policy_document")},
                "function": {
                    "name": f"{name}-worker",
                    "description": f"Sends queued requests of {name} to Bedrock.",
                    "memory_mb": 512,
                    "timeout_seconds": timeout,
                    "environment": environment,
                },
            },
        )

    def _sagemaker(self, model: SageMakerModel, options: Async, results: Module) -> dict[str, Any]:
        self.declare_model_version()
        blueprint, monitoring = self.blueprint, self.request.monitoring
        name = blueprint.name
        written = [f"inference_async_{each}/{name}" for each in ("output", "failures")]
        bucket = model_artifacts(self, *written, read=[f"inference_async_input/{name}"])
        endpoint = self.module(
            "endpoint",
            {
                **inputs("context", "model_version", "network", "kms_key_arns", "bucket_name"),
                **inputs("boundary_arn", "topic_arn", "routes_prefix"),
                "blueprint": {
                    "name": name,
                    "instance_type": blueprint.instance_type,
                    "instances": {"min": options.min_instances, "max": options.max_instances},
                    "backlog_per_instance": options.backlog_per_instance,
                    "max_concurrency": options.max_concurrency,
                    "ttl_seconds": options.ttl_seconds,
                    "invocation_timeout_seconds": options.timeout_seconds,
                    "max_input_mb": options.max_input_mb or SAGEMAKER_INPUT_MB,
                    "parameters": self.parameters(),
                    **self.limits(),
                    **self.format(),
                    **self.golden(),
                },
                "model_group": self.model_group(model),
                "topic_arns": results.get("topic_arns"),
                "policy_documents": {
                    "bucket": bucket.get("policy_document"),
                    "execution": code("var.foundation.iam.execution_documents.async"),
                    "network": code("var.foundation.vpc.network_policy_documents.endpoints"),
                },
                "thresholds": {"error_rate_percent": monitoring.error_rate_percent},
            },
        )
        return {each: endpoint.get(each) for each in (*ENDPOINT_OUTPUTS, "release_parameter_name")}
