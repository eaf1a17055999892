"""What `synth` writes for blueprints that answer later: asynchronous ones and batches."""

from __future__ import annotations

from pathlib import Path

from orchestrator.config.model.platform import Blueprint
from tests.unit.orchestrator.blueprints.stacks import (
    CHAT,
    CHAT_ASYNC,
    GOLDEN,
    REVIEWS,
    REVIEWS_ASYNC,
    written,
)


def test_an_asynchronous_endpoint_and_its_topics(tmp_path: Path) -> None:
    document = written(tmp_path, REVIEWS_ASYNC)
    module = document["module"]
    assert set(module) == {"results", "endpoint", "s3_access"}
    assert "packages" not in document["variable"], "no function, as there are no callbacks"
    assert module["results"]["callback"] == {"emails": [], "webhook": False}
    assert "function" not in module["results"]
    endpoint = module["endpoint"]
    assert endpoint["source"].endswith("/async_endpoint")
    assert endpoint["topic_arns"] == "${module.results.topic_arns}"
    assert endpoint["policy_documents"]["execution"] == "${var.foundation.iam.execution_documents.async}"
    assert endpoint["blueprint"] == {
        "name": "reviews-async",
        "instance_type": "ml.m5.large",
        "instances": {"min": 0, "max": 3},
        "backlog_per_instance": 5,
        "max_concurrency": 8,
        "ttl_seconds": 21_600,
        "invocation_timeout_seconds": 60,
        "max_input_mb": 100,
        "parameters": {},
        **GOLDEN,
        "limits": {"max_tokens": 500, "max_inputs": 20},
    }
    assert module["s3_access"]["read"][-1] == "inference_async_input/reviews-async"
    assert module["s3_access"]["write"] == [
        "inference_async_output/reviews-async",
        "inference_async_failures/reviews-async",
    ]


def test_a_queue_before_bedrock_with_worker_and_callback(tmp_path: Path) -> None:
    document = written(tmp_path, CHAT_ASYNC)
    module = document["module"]
    assert set(module) == {"results", "async_callback", "worker_storage", "async_worker", "queue", "model"}
    assert "packages" in document["variable"]
    assert module["model"]["blueprint"]["limits"] == {"max_total_tokens": 5000}
    assert module["queue"]["limits"] == {"timeout_seconds": 120, "max_concurrency": 6, "max_attempts": 8}
    assert module["model"]["router_role_name"] == "${module.async_worker.role_name}"
    assert module["model"]["guardrail"]["filters"] == {"HATE": "HIGH"}
    assert module["model"]["job"]["queue_url"] == "${module.queue.queue_url}"
    worker = module["async_worker"]
    assert worker["package"] == '${var.packages["async_worker"]}'
    assert worker["function"]["timeout_seconds"] == 120
    assert worker["function"]["environment"]["DEAD_LETTER_ARN"] == "${module.queue.dead_letter_arn}"
    assert module["worker_storage"]["delete"] == ["inference_async_output/chat-async"]
    callback = module["async_callback"]
    assert callback["asynchronous"] == {"dead_letter_arn": "${module.results.dead_letter_arn}"}
    environment = callback["function"]["environment"]
    assert environment["WEBHOOK_URL"] == "https://example.com/hook"
    assert environment["SECRET_PARAMETER"] == "${module.results.secret_parameter}", "a name, never the secret"
    assert module["results"]["callback"] == {
        "emails": ["team@example.com"],
        "webhook": True,
        "table": {"keep_days": 30},
    }


def test_a_batch_blueprint_of_sagemaker_reads_parts_and_writes_what_is_raw(tmp_path: Path) -> None:
    batch = {"format": "csv", "schedule": "rate(1 day)", "records_per_file": 500}
    options = {"name": "files", "kind": "batch", "batch": batch, "autoscaling": None, "rollout": {}}
    options["limits"] = {"max_total_tokens": 5000}
    document = written(tmp_path, Blueprint.model_validate({**REVIEWS.model_dump(exclude_unset=True), **options}))
    modules = document["module"]
    assert modules["s3_access"]["read"][-1] == "inference_batch_input/_parts/files"
    assert modules["s3_access"]["write"] == ["inference_batch_output/files/raw"]
    assert modules["results_access"]["read"] == ["inference_batch_output/files"]
    assert modules["runs"]["blueprint"] == {"name": "files", "schedule": "rate(1 day)"}
    assert modules["jobs"]["blueprint"]["limits"] == {"max_total_tokens": 5000}
    given = modules["jobs"]["blueprint"]["batch"]
    assert (given["format"], given["records_per_file"], given["strategy"]) == ("csv", 500, "MultiRecord")
    assert "schedule" not in given
    assert "timeout_hours" not in given
    assert modules["jobs"]["policy_documents"]["execution"] == "${var.foundation.iam.execution_documents.batch}"
    assert modules["jobs"]["crawler_name"] == "${module.runs.crawler_name}"
    value = document["output"]["blueprint"]["value"]
    assert value["submitter_name"] == "${var.inference.lambda.submitter_name}"


def test_a_batch_blueprint_of_bedrock_has_a_role_for_its_jobs(tmp_path: Path) -> None:
    options = {
        "name": "night",
        "kind": "batch",
        "batch": {"timeout_hours": 48, "prices": {"instance_usd_per_hour": 1}},
    }
    options["limits"] = {"max_tokens": 500}
    modules = written(tmp_path, Blueprint.model_validate({**CHAT.model_dump(exclude_unset=True), **options}))["module"]
    assert modules["jobs"]["source"] == "../../../terraform/modules/bedrock_batch"
    assert modules["jobs"]["blueprint"]["limits"] == {"max_tokens": 500}
    given = modules["jobs"]["blueprint"]["batch"]
    assert (given["timeout_hours"], given["prices"]) == (48, {})
    assert not {"strategy", "records_per_file", "minimum_records"} & set(given)
    assert modules["jobs_access"]["read"] == ["inference_batch_input/_parts/night"]
    assert modules["jobs"]["submitter"]["role_name"] == "${var.inference.lambda.submitter_role_name}"
