"""What `synth` writes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from orchestrator.blueprints import MATRIX, Cell, synth, synth_inputs
from orchestrator.config import load
from orchestrator.config.models import Blueprint, Environment, Platform
from orchestrator.errors import ConfigError, SetupError

REPO = Path(__file__).resolve().parents[4]
GOLDEN = {"golden": [{"input": "Great.", "label": "positive"}]}
REVIEWS = Blueprint.model_validate(
    {
        "name": "reviews",
        "kind": "realtime",
        "model": {"source": "sagemaker", "group": "reviews"},
        "instance_type": "ml.c5.large",
        "instance_count": 2,
        "autoscaling": {"min": 1, "max": 3},
        "parameters": {"threshold": 0.5},
        "smoke": GOLDEN,
    }
)
CHAT = Blueprint.model_validate(
    {
        "name": "chat",
        "kind": "realtime",
        "model": {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"},
        "parameters": {"max_tokens": 256},
        "smoke": GOLDEN,
    }
)
REVIEWS_SERVERLESS = Blueprint.model_validate(
    {
        "name": "reviews-serverless",
        "kind": "serverless",
        "model": {"source": "sagemaker", "group": "reviews"},
        "serverless": {"memory_mb": 1024, "max_concurrency": 10, "provisioned_concurrency": 1},
        "smoke": GOLDEN,
    }
)
CHAT_SERVERLESS = CHAT.model_copy(update={"name": "chat-serverless", "kind": "serverless"})
ALL = pytest.mark.parametrize(
    "blueprint", [REVIEWS, CHAT, REVIEWS_SERVERLESS, CHAT_SERVERLESS], ids=lambda each: each.name
)
REVIEWS_ASYNC = Blueprint.model_validate(
    {
        "name": "reviews-async",
        "kind": "async",
        "model": {"source": "sagemaker", "group": "reviews"},
        "async": {"max_concurrency": 8, "max_instances": 3},
        "smoke": GOLDEN,
    }
)
CHAT_ASYNC = Blueprint.model_validate(
    {
        "name": "chat-async",
        "kind": "async",
        "model": {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"},
        "parameters": {"max_tokens": 256},
        "guardrail": {"filters": {"HATE": "HIGH"}},
        "async": {
            "max_concurrency": 6,
            "timeout_seconds": 100,
            "callback": {"webhook": "https://example.com/hook", "emails": ["team@example.com"], "table": True},
        },
        "smoke": GOLDEN,
    }
)
ENVIRONMENT = Environment(
    name="dev",
    platform=Platform.model_validate({"monitoring": {"latency_ms": 1500, "error_rate_percent": 2}}),
    blueprints=(REVIEWS, CHAT),
)


def checkout(folder: Path) -> Path:
    """As much of a checkout as synthesis reads."""
    (folder / "terraform").mkdir(parents=True)
    shutil.copy(REPO / "terraform" / ".terraform.lock.hcl", folder / "terraform")
    return folder


def written(folder: Path, blueprint: Blueprint) -> dict[str, Any]:
    repo = checkout(folder)
    out = repo / "build" / "dev" / f"blueprint-{blueprint.name}"
    synth(ENVIRONMENT, blueprint, out, repo)
    document: dict[str, Any] = json.loads((out / "cdk.tf.json").read_text())
    return document


def without_comments(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_comments(each) for key, each in value.items() if key not in ("//", "description")}
    return [without_comments(each) for each in value] if isinstance(value, list) else value


def test_a_sagemaker_blueprint(tmp_path: Path) -> None:
    document = without_comments(written(tmp_path, REVIEWS))
    assert document.pop("variable") == {
        name: {"type": "any"}
        for name in ("context", "provider_options", "foundation", "models", "inference", "model_version")
    }
    assert document == {
        "terraform": {
            "required_version": ">= 1.11, < 2",
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 5.100"}},
            "backend": {"s3": {}},
        },
        "provider": {
            "aws": [
                {
                    "region": "${var.context.region}",
                    "default_tags": [{"tags": '${merge(var.context.tags, { blueprint = "reviews" })}'}],
                    "s3_use_path_style": "${var.provider_options.s3_use_path_style}",
                    "max_retries": "${var.provider_options.max_retries}",
                }
            ]
        },
        "module": {
            "endpoint": {
                "source": "../../../terraform/modules/realtime_endpoint",
                "context": "${var.context}",
                "blueprint": {
                    "name": "reviews",
                    "instance_type": "ml.c5.large",
                    "instance_count": 2,
                    "autoscaling": {"min": 1, "max": 3, "invocations_per_minute": 200},
                    "parameters": {"threshold": "0.5"},
                    "rollout": {
                        "strategy": "all_at_once",
                        "step_percent": 20,
                        "bake_seconds": 120,
                        "keep_old_seconds": 120,
                    },
                },
                "model_group": {
                    "key": "reviews",
                    "name": '${var.foundation.model_registry.group_names["reviews"]}',
                },
                "model_version": "${var.model_version}",
                "network": {
                    "subnet_ids": "${var.foundation.vpc.private_subnet_ids}",
                    "security_group_ids": ["${var.foundation.vpc.security_group_ids.endpoints}"],
                },
                "kms": "${var.foundation.kms}",
                "bucket": {"name": "${var.foundation.s3.bucket_name}"},
                "policy_documents": {
                    "bucket": "${module.s3_access.policy_document}",
                    "execution": "${var.foundation.iam.execution_documents.realtime}",
                    "network": "${var.foundation.vpc.network_policy_documents.endpoints}",
                },
                "boundary_arn": "${var.foundation.iam.boundary_arn}",
                "topic_arn": "${var.foundation.events.topic_arn}",
                "routes_prefix": "${var.inference.routes_prefix}",
                "thresholds": {"latency_ms": 1500, "error_rate_percent": 2},
            },
            "s3_access": {
                "source": "../../../terraform/modules/s3_access",
                "access": "${var.foundation.s3.access}",
                "read": ["artifacts_training_outputs", "models_sagemaker_custom", "models_sagemaker_finetuned"],
            },
        },
        "output": {
            "blueprint": {
                "value": {
                    "name": "reviews",
                    "kind": "realtime",
                    "source": "sagemaker",
                    "endpoint_name": "${module.endpoint.endpoint_name}",
                    "endpoint_config_name": "${module.endpoint.endpoint_config_name}",
                    "model_package_arn": "${module.endpoint.model_package_arn}",
                    "model_id": "${module.endpoint.model_id}",
                    "route_parameter_name": "${module.endpoint.route_parameter_name}",
                    "release_parameter_name": "${module.endpoint.release_parameter_name}",
                }
            }
        },
    }


def test_a_bedrock_blueprint(tmp_path: Path) -> None:
    document = without_comments(written(tmp_path, CHAT))
    assert "model_version" not in document["variable"]
    assert document["module"] == {
        "model": {
            "source": "../../../terraform/modules/bedrock_model",
            "context": "${var.context}",
            "blueprint": {"name": "chat", "kind": "realtime", "parameters": {"max_tokens": "256"}},
            "model_id": "amazon.nova-lite-v1:0",
            "topic_arn": "${var.foundation.events.topic_arn}",
            "routes_prefix": "${var.inference.routes_prefix}",
            "router_role_name": "${var.inference.lambda.router_role_name}",
            "thresholds": {"error_rate_percent": 2},
        }
    }
    assert document["output"]["blueprint"]["value"] == {
        "name": "chat",
        "kind": "realtime",
        "source": "bedrock",
        "inference_profile_arn": "${module.model.inference_profile_arn}",
        "model_id": "${module.model.model_id}",
        "route_parameter_name": "${module.model.route_parameter_name}",
    }


@ALL
def test_the_module_takes_what_it_is_given_and_publishes_what_is_read(tmp_path: Path, blueprint: Blueprint) -> None:
    document = written(tmp_path, blueprint)
    for name, module in document["module"].items():
        folder = REPO / "terraform" / "modules" / Path(module["source"]).name
        text = "\n".join(path.read_text() for path in sorted(folder.glob("*.tf")))
        variables = dict(re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL))
        given = set(module) - {"source", "//"}
        assert given <= set(variables)
        required = {variable for variable, body in variables.items() if not re.search(r"^  default\s*=", body, re.M)}
        assert required <= given
        read = set(re.findall(rf"\$\{{module\.{name}\.(\w+)\}}", json.dumps(document)))
        assert read <= set(re.findall(r'^output "(\w+)"', text, re.MULTILINE))


@ALL
def test_whatever_module_a_stack_calls_counts_as_its_input(tmp_path: Path, blueprint: Blueprint) -> None:
    """A stack is skipped when its inputs are what they were: a module that is no input would never be applied."""
    inputs = synth_inputs(ENVIRONMENT, blueprint, REPO)
    known = {inputs.module, *(file.parent for file in inputs.code)}
    called = {Path(each["source"]).name for each in written(tmp_path, blueprint)["module"].values()}
    assert {REPO / "terraform" / "modules" / name for name in called} <= known


def test_options_of_an_endpoint_reach_its_module(tmp_path: Path) -> None:
    options = {
        "weight": 9,
        "variants": {"challenger": {"weight": 1, "version": 3}},
        "data_capture": {"sampling_percent": 20},
    }
    asked = Blueprint.model_validate({**REVIEWS.model_dump(exclude_none=True), **options})
    document = written(tmp_path, asked)["module"]
    given = document["endpoint"]["blueprint"]
    assert {name: given[name] for name in options} == {
        "weight": 9,
        "variants": {"challenger": {"weight": 1, "instance_type": "ml.m5.large", "instance_count": 1, "version": 3}},
        "data_capture": {"sampling_percent": 20},
    }
    assert document["s3_access"]["write"] == ["inference_realtime_logs/reviews"]


def test_other_containers_are_pinned_versions_of_their_groups(tmp_path: Path) -> None:
    containers = {"mode": "serial", "others": {"language": {"group": "language", "version": 4}}}
    asked = REVIEWS.model_copy(
        update={"containers": Blueprint.model_validate({**REVIEWS.model_dump(), "containers": containers}).containers}
    )
    given = written(tmp_path, asked)["module"]["endpoint"]["blueprint"]["containers"]
    group = '${var.foundation.model_registry.group_names["language"]}'
    assert given == {
        "mode": "serial",
        "target": "primary",
        "others": [{"name": "language", "group": group, "version": 4}],
    }


def test_a_serverless_sagemaker_blueprint(tmp_path: Path) -> None:
    document = without_comments(written(tmp_path, REVIEWS_SERVERLESS))
    assert document["module"]["endpoint"] == {
        "source": "../../../terraform/modules/serverless_endpoint",
        "context": "${var.context}",
        "blueprint": {
            "name": "reviews-serverless",
            "serverless": {"memory_mb": 1024, "max_concurrency": 10, "provisioned_concurrency": 1},
            "parameters": {},
        },
        "model_group": {
            "key": "reviews",
            "name": '${var.foundation.model_registry.group_names["reviews"]}',
        },
        "model_version": "${var.model_version}",
        "kms": {"logs_key_arn": "${var.foundation.kms.logs_key_arn}"},
        "bucket": {"name": "${var.foundation.s3.bucket_name}"},
        "policy_documents": {
            "bucket": "${module.s3_access.policy_document}",
            "execution": "${var.foundation.iam.execution_documents.serverless}",
        },
        "boundary_arn": "${var.foundation.iam.boundary_arn}",
        "topic_arn": "${var.foundation.events.topic_arn}",
        "routes_prefix": "${var.inference.routes_prefix}",
        "thresholds": {"latency_ms": 1500, "error_rate_percent": 2},
    }
    value = document["output"]["blueprint"]["value"]
    assert (value["kind"], value["endpoint_name"]) == ("serverless", "${module.endpoint.endpoint_name}")
    assert value["release_parameter_name"] == "${module.endpoint.release_parameter_name}"


def test_a_serverless_bedrock_blueprint_is_on_demand_under_its_own_path(tmp_path: Path) -> None:
    module = written(tmp_path, CHAT_SERVERLESS)["module"]["model"]
    assert module["source"] == "../../../terraform/modules/bedrock_model"
    assert (module["blueprint"]["name"], module["blueprint"]["kind"]) == ("chat-serverless", "serverless")


def test_equal_input_gives_equal_files_anywhere_and_again(tmp_path: Path) -> None:
    outs = []
    for folder in ("one", "another/deeper"):
        written(tmp_path / folder, REVIEWS)
        outs.append(tmp_path / folder / "build" / "dev" / "blueprint-reviews")
    first, second = outs
    assert (first / "cdk.tf.json").read_bytes() == (second / "cdk.tf.json").read_bytes()
    assert str(tmp_path) not in (first / "cdk.tf.json").read_text()
    before = (first / "cdk.tf.json").stat().st_mtime_ns
    synth(ENVIRONMENT, REVIEWS, first, tmp_path / "one")
    assert (first / "cdk.tf.json").stat().st_mtime_ns == before


def test_the_provider_lock_file_lies_beside_the_stack(tmp_path: Path) -> None:
    written(tmp_path, CHAT)
    copied = tmp_path / "build" / "dev" / "blueprint-chat" / ".terraform.lock.hcl"
    assert copied.read_bytes() == (REPO / "terraform" / ".terraform.lock.hcl").read_bytes()
    (tmp_path / "terraform" / ".terraform.lock.hcl").unlink()
    with pytest.raises(SetupError, match="lock"):
        synth(ENVIRONMENT, CHAT, tmp_path / "out", tmp_path)


def test_every_combination_is_in_the_table_and_means_something() -> None:
    kinds, sources = ("realtime", "serverless", "batch", "async"), ("sagemaker", "bedrock")
    assert set(MATRIX) == {(kind, source) for kind in kinds for source in sources}
    assert all(each.meaning and each.available for each in MATRIX.values())
    folders = [name for each in MATRIX.values() for name in (each.module or "", *each.beside)]
    assert all((REPO / "terraform" / "modules" / name / "versions.tf").is_file() for name in folders)


def test_a_combination_that_is_not_there_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MATRIX, ("realtime", "sagemaker"), Cell("an endpoint of the future"))
    with pytest.raises(ConfigError) as caught:
        synth(ENVIRONMENT, REVIEWS, tmp_path / "out", checkout(tmp_path))
    assert caught.value.message == (
        "blueprints/reviews.yaml: kind `realtime` with source `sagemaker` "
        "(an endpoint of the future) is not available in this version"
    )
    assert caught.value.hint == "Available for `sagemaker`: async, batch, serverless."
    assert not (tmp_path / "out").exists()


def test_importing_the_package_does_not_start_cdktf() -> None:
    code = "import sys, orchestrator.blueprints; sys.exit('cdktf' in sys.modules or 'jsii' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False).returncode == 0


def test_throughput_and_guardrail_of_a_bedrock_blueprint(tmp_path: Path) -> None:
    model = {**CHAT.model.model_dump(exclude_none=True), "provisioned": {"commitment": "OneMonth"}}
    more = {"model": model, "guardrail": {"filters": {"HATE": "HIGH"}}}
    asked = Blueprint.model_validate({**CHAT.model_dump(exclude_unset=True), **more})
    given = written(tmp_path, asked)["module"]["model"]
    assert given["provisioned"] == {"model_units": 1, "commitment": "OneMonth"}
    assert given["guardrail"]["filters"] == {"HATE": "HIGH"}
    assert given["guardrail"]["kms_key_arn"] == "${var.foundation.kms.data_key_arn}"


@ALL
def test_others_that_the_router_may_ask_are_handed_on(tmp_path: Path, blueprint: Blueprint) -> None:
    routing = {"fallback": ["spare"], "share_percent": {"spare": 10}, "shadow": {"blueprint": "next"}, "retries": 1}
    asked = Blueprint.model_validate({**blueprint.model_dump(exclude_unset=True), "routing": routing})
    modules = written(tmp_path / "asked", asked)["module"].values()
    [given] = (each["blueprint"] for each in modules if "blueprint" in each)
    assert given["routing"] == {**routing, "shadow": {"blueprint": "next", "percent": 10}}
    modules = written(tmp_path / "bare", blueprint)["module"].values()
    [bare] = (each["blueprint"] for each in modules if "blueprint" in each)
    assert "routing" not in bare


@pytest.mark.parametrize("name", ["dev", "local", "prod", "staging"])
def test_the_blueprints_of_this_repository_have_somebody_who_stands_in(tmp_path: Path, name: str) -> None:
    environment = load(REPO, name)
    asked = {each.name: each.routing.fallback for each in environment.blueprints if each.routing.fallback}
    assert asked["reviews"] == ["reviews-serverless"]
    for blueprint in environment.blueprints:
        modules = written(tmp_path / blueprint.name, blueprint)["module"].values()
        given = [each["blueprint"].get("routing", {}) for each in modules if "blueprint" in each]
        fallbacks = [name for routing in given for name in routing.get("fallback", [])]
        assert fallbacks == asked.get(blueprint.name, [])


BASE = {"description": "Handbooks of the products.", "embedding": {"dimensions": 256}, "results": 3}
AGENT = {"instruction": "You answer questions of customers about their orders."}


def assisted(folder: Path, **sections: object) -> dict[str, Any]:
    asked = Blueprint.model_validate({**CHAT.model_dump(exclude_unset=True), **sections})
    document = written(folder, asked)
    inputs = synth_inputs(ENVIRONMENT, asked, REPO)
    called = {Path(each["source"]).name for each in document["module"].values()}
    assert called <= {inputs.module.name, *(file.parent.name for file in inputs.code)}
    return document


def test_a_knowledge_base_is_made_of_the_blueprints_folder_and_told_to_the_model(tmp_path: Path) -> None:
    document = assisted(tmp_path, knowledge_base=BASE)
    base, model = document["module"]["knowledge_base"], document["module"]["model"]
    assert base["documents"]["prefix"] == "${var.foundation.s3.prefixes.data_knowledge}chat/"
    assert base["documents"]["policy_document"] == "${module.documents.policy_document}"
    assert document["module"]["documents"]["read"] == ["data_knowledge/chat"]
    assert base["embedding"] == {"model_id": "amazon.titan-embed-text-v2:0", "dimensions": 256}
    assert (base["kms_key_arn"], base["boundary_arn"]) == (
        "${var.foundation.kms.data_key_arn}",
        "${var.foundation.iam.boundary_arn}",
    )
    assert model["knowledge_base"] == {
        "id": "${module.knowledge_base.id}",
        "results": 3,
        "retrieve_policy_document": "${module.knowledge_base.retrieve_policy_document}",
    }
    published = document["output"]["blueprint"]["value"]
    assert published["data_source_id"] == "${module.knowledge_base.data_source_id}"
    assert "agent" not in model


def test_an_agent_asks_the_blueprints_model_and_looks_documents_up_itself(tmp_path: Path) -> None:
    document = assisted(tmp_path, knowledge_base=BASE, agent=AGENT)
    agent, model = document["module"]["agent"], document["module"]["model"]
    assert agent["model"]["arn"] == "${module.model.inference_profile_arn}"
    assert agent["guardrail"] == "${module.model.guardrail}"
    assert agent["knowledge_base"]["description"] == "Handbooks of the products."
    assert agent["kms_key_arn"] == "${var.foundation.kms.data_key_arn}"
    assert "knowledge_base" not in model
    assert model["agent"] == {
        "id": "${module.agent.id}",
        "alias_id": "${module.agent.alias_id}",
        "invoke_policy_document": "${module.agent.invoke_policy_document}",
    }
    assert document["output"]["blueprint"]["value"]["agent_alias_id"] == "${module.agent.alias_id}"


def test_without_either_there_is_the_model_alone(tmp_path: Path) -> None:
    document = assisted(tmp_path)
    assert set(document["module"]) == {"model"}


def test_an_asynchronous_endpoint_and_its_topics(tmp_path: Path) -> None:
    document = written(tmp_path, REVIEWS_ASYNC)
    module = document["module"]
    assert set(module) == {"results", "endpoint", "s3_access"}
    assert "packages" not in document["variable"], "no function of its own: nobody is called back"
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
    assert callback["asynchronous"] == {"dead_letter_arn": "${module.results.undelivered_arn}"}
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
    asked = {"name": "files", "kind": "batch", "batch": batch, "autoscaling": None, "rollout": {}}
    document = written(tmp_path, Blueprint.model_validate({**REVIEWS.model_dump(exclude_unset=True), **asked}))
    modules = document["module"]
    assert modules["s3_access"]["read"][-1] == "inference_batch_input/_parts/files"
    assert modules["s3_access"]["write"] == ["inference_batch_output/files/raw"]
    assert modules["results_access"]["read"] == ["inference_batch_output/files"]
    assert modules["runs"]["blueprint"] == {"name": "files", "schedule": "rate(1 day)"}
    given = modules["jobs"]["blueprint"]["batch"]
    assert (given["format"], given["records_per_file"], given["strategy"]) == ("csv", 500, "MultiRecord")
    assert "schedule" not in given
    assert "timeout_hours" not in given
    assert modules["jobs"]["policy_documents"]["execution"] == "${var.foundation.iam.execution_documents.batch}"
    assert modules["jobs"]["crawler_name"] == "${module.runs.crawler_name}"
    value = document["output"]["blueprint"]["value"]
    assert value["submitter_name"] == "${var.inference.lambda.submitter_name}"


def test_a_batch_blueprint_of_bedrock_has_a_role_for_its_jobs(tmp_path: Path) -> None:
    asked = {"name": "night", "kind": "batch", "batch": {"timeout_hours": 48, "prices": {"instance_usd_per_hour": 1}}}
    modules = written(tmp_path, Blueprint.model_validate({**CHAT.model_dump(exclude_unset=True), **asked}))["module"]
    assert modules["jobs"]["source"] == "../../../terraform/modules/bedrock_batch"
    given = modules["jobs"]["blueprint"]["batch"]
    assert (given["timeout_hours"], given["prices"]) == (48, {})
    assert not {"strategy", "records_per_file", "minimum_records"} & set(given)
    assert modules["jobs_access"]["read"] == ["inference_batch_input/_parts/night"]
    assert modules["jobs"]["submitter"]["role_name"] == "${var.inference.lambda.submitter_role_name}"
