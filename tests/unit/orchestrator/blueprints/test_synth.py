"""What `synth` writes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.blueprints import MATRIX, Cell, synth, synth_inputs
from orchestrator.config.model.platform import Blueprint
from orchestrator.errors import ConfigError, SetupError
from tests.unit.orchestrator.blueprints.stacks import (
    ALL,
    CHAT,
    CHAT_SERVERLESS,
    ENVIRONMENT,
    GOLDEN,
    REPO,
    REVIEWS,
    REVIEWS_SERVERLESS,
    checkout,
    without_comments,
    written,
)


def test_a_sagemaker_blueprint(tmp_path: Path) -> None:
    document = without_comments(written(tmp_path, REVIEWS))
    assert document.pop("variable") == {
        name: {"type": "any"} for name in ("context", "provider_options", "foundation", "inference", "model_version")
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
                    "default_tags": [{"tags": '${merge(var.context.tags, { "blueprint" = "reviews" })}'}],
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
                    "parameters": {"threshold": 0.5},
                    **GOLDEN,
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
                "kms_key_arns": {
                    "data": "${var.foundation.kms.data_key_arn}",
                    "models": "${var.foundation.kms.models_key_arn}",
                    "logs": "${var.foundation.kms.logs_key_arn}",
                },
                "bucket_name": "${var.foundation.s3.bucket_name}",
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
                "read": [
                    "models_registered",
                    "artifacts_training_outputs",
                    "models_sagemaker_custom",
                    "models_sagemaker_finetuned",
                ],
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
            "blueprint": {"name": "chat", "kind": "realtime", "parameters": {"max_tokens": 256}},
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
    """A stack is skipped if its inputs are unchanged, so each called module must be an input."""
    inputs = synth_inputs(ENVIRONMENT, blueprint, REPO)
    known = {inputs.module, *(file.parent for file in inputs.code)}
    called = {Path(each["source"]).name for each in written(tmp_path, blueprint)["module"].values()}
    assert {REPO / "terraform" / "modules" / name for name in called} <= known


def test_a_serverless_sagemaker_blueprint(tmp_path: Path) -> None:
    document = without_comments(written(tmp_path, REVIEWS_SERVERLESS))
    assert document["module"]["endpoint"] == {
        "source": "../../../terraform/modules/serverless_endpoint",
        "context": "${var.context}",
        "blueprint": {
            "name": "reviews-serverless",
            "serverless": {"memory_mb": 1024, "max_concurrency": 10, "provisioned_concurrency": 1},
            "parameters": {},
            **GOLDEN,
        },
        "model_group": {
            "key": "reviews",
            "name": '${var.foundation.model_registry.group_names["reviews"]}',
        },
        "model_version": "${var.model_version}",
        "kms_key_arn": "${var.foundation.kms.logs_key_arn}",
        "bucket_name": "${var.foundation.s3.bucket_name}",
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


def test_the_provider_lock_file_is_next_to_the_stack(tmp_path: Path) -> None:
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
