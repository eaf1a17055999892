"""Rules of blueprint files."""

from __future__ import annotations

from typing import get_args

import pytest

from inference_common import containers, embeddings
from orchestrator.config.loader import build
from orchestrator.config.model.blueprint import Format
from orchestrator.config.rules import options
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform_file
from tests.unit.orchestrator.config.examples import BLUEPRINT, problems


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("kind: realtime", "kind: batch\nautoscaling: {max: 3}"), "x1.yaml:3: autoscaling: cannot be "
            "combined with kind `batch`: a batch job has a fixed number of instances (received {'max': 3})"),
        (("kind: realtime", "kind: batch\nbatch: {timeout_hours: 30}"), "x1.yaml:3: batch.timeout_hours: is only "
            "available for models of bedrock; this one is of sagemaker (received 30)"),
        (("kind: realtime", "kind: batch\nbatch: {max_payload_mb: 50, max_concurrent_transforms: 3}"), "x1.yaml:3: "
            "batch.max_payload_mb: times `max_concurrent_transforms` must not exceed 100 MB, SageMaker's limit "
            "(received 150)"),
        (("kind: realtime", "kind: batch\nbatch: {minimum_records: 9, maximum_records: 5}"), "x1.yaml:3: "
            "batch.maximum_records: must not be smaller than `minimum_records` (9) (received 5)"),
        (("kind: realtime", "kind: batch\nbatch: {prices: {usd_per_million_input_tokens: 0.1}}"), "x1.yaml:3: "
            "batch.prices.usd_per_million_input_tokens: is not a price of models of sagemaker; available: "
            "instance_usd_per_hour (received 0.1)"),
        (("kind: realtime", "kind: batch\nbatch: {schedule: daily}"), "x1.yaml:3: batch.schedule: "),
        (("kind: realtime", "kind: realtime\nbatch: {format: csv}"), "x1.yaml:3: batch: cannot be combined with kind "
            "`realtime`: requests are answered one by one (received {'format': 'csv'})"),
        (("name: x1", "name: x2"), "x1.yaml:1: name: must equal the name of the file, `x1` (received 'x2')"),
        (("group: reviews", "group: reviewz"), "x1.yaml:5: model.group: is not a model group in `registry.groups`"),
        (("group: reviews", "grup: reviews"), "x1.yaml:5: model.grup: is not a key of this section "
            "(received 'reviews'); did you mean `group`?"),
        (("source: sagemaker", "source: openai"), "x1.yaml:3: model: requires `source: sagemaker` (with `group`)"),
        (("      label: positive\n", ""), "x1.yaml:8: smoke.golden[0]: requires an expected answer: label, value, "
            "contains, schema, length or check"),
        (("kind: realtime", "kind: serverless\ninstance_type: ml.m5.large"), "x1.yaml:3: instance_type: "
            "cannot be combined with kind `serverless`: SageMaker serverless endpoints take no instance type"),
        (("kind: realtime", "kind: serverless\nautoscaling: {max: 3}"), "x1.yaml:3: autoscaling: cannot be "
            "combined with kind `serverless`: SageMaker Serverless Inference scales automatically, from zero to "
            "`max_concurrency` (received {'max': 3})"),
        (("smoke:", "serverless: {memory_mb: 1024}\nsmoke:"), "x1.yaml:6: serverless: cannot be combined with kind "
            "`realtime`: a real-time endpoint runs on instances"),
        (("kind: realtime", "kind: serverless\nserverless: {memory_mb: 1500}"), "x1.yaml:3: serverless.memory_mb: "
            "must be one of 1024, 2048, 3072, 4096, 5120 or 6144 (received 1500)"),
        (("kind: realtime", "kind: serverless\nserverless: {max_concurrency: 201}"), "x1.yaml:3: "
            "serverless.max_concurrency: input should be less than or equal to 200 (received 201)"),
        (("kind: realtime", "kind: serverless\nserverless: {max_concurrency: 2, provisioned_concurrency: 3}"),
            "x1.yaml:3: serverless.provisioned_concurrency: must not exceed `max_concurrency` (2) (received 3)"),
        (("smoke:", "shadow: {}\nvariants: {b: {}}\nsmoke:"), "x1.yaml:7: variants.b.[key]: must match"),
        (("smoke:", "shadow: {}\nvariants: {bb: {}}\nsmoke:"), "x1.yaml:6: shadow: cannot be combined with `variants`: "
            "SageMaker accepts one production variant in addition to a shadow variant (received {})"),
        (("smoke:", "shadow: {}\nmulti_model: {default: a.tar.gz}\nsmoke:"), "x1.yaml:6: shadow: cannot be combined "
            "with `multi_model`: SageMaker has no shadow variants of multi-model endpoints"),
        (("smoke:", "weight: 0\nvariants: {bb: {weight: 0}}\nsmoke:"), "x1.yaml:6: weight: no variant would receive "
            "traffic: at least one weight must be greater than 0 (received [0, 0])"),
        (("smoke:", "weight: 3\nsmoke:"), "x1.yaml:6: weight: requires `variants`"),
        (("smoke:", "variants: {primary: {}}\nsmoke:"), "x1.yaml:6: variants.primary: is a reserved name of a variant"),
        (("smoke:", "containers: {mode: direct, target: zz, others: {next: {group: reviews, version: 1}}}\nsmoke:"),
            "x1.yaml:6: containers.target: must be one of the containers: primary, next (received 'zz')"),
        (("kind: realtime", "kind: serverless\ndata_capture: {}"), "x1.yaml:3: data_capture: cannot be combined with "
            "kind `serverless`: SageMaker Serverless Inference captures no data (received {})"),
        (("kind: realtime", "kind: serverless\nvariants: {bb: {}}"), "x1.yaml:3: variants: cannot be combined with "
            "kind `serverless`: SageMaker Serverless Inference has one variant per endpoint"),
        (("smoke:", "autoscaling: {min: 3, max: 1}\nsmoke:"), "x1.yaml:6: autoscaling.min: must not "
            "exceed `max` (1) (received 3)"),
        (("smoke:", "format: protobuf\nsmoke:"), "x1.yaml:6: format: must be one of 'inputs', 'jsonlines', 'json', "
            "'csv', 'classify', 'embed', 'text' or 'messages' (received 'protobuf')"),
        (("smoke:", "format: csv\nparameters: {top_k: 3}\nsmoke:"), "x1.yaml:7: parameters.top_k: is not a parameter "
            "of containers of format `csv`; there are none (received 3)"),
        (("smoke:", "format: text\nparameters: {best_of: 3}\nsmoke:"), "x1.yaml:7: parameters.best_of: is not a "
            "parameter of containers of format `text`; available: max_tokens, temperature, top_p, stop_sequences, "),
        (("kind: realtime", "kind: batch\nbatch: {types: {age: double}}"), "x1.yaml:3: batch.types: requires "
            "`column: \"*\"` and CSV: other columns are texts, and other formats have types (received "
            "{'age': 'double'})"),
        (("kind: realtime", 'kind: batch\nbatch: {column: "*", types: {age: float}}'), "x1.yaml:3: batch.types.age: "
            "must be one of 'string', 'bigint', 'double' or 'boolean' (received 'float')"),
    ],
)  # fmt: skip
def test_rules_of_a_blueprint(change: tuple[str, str], expected: str) -> None:
    reported = problems(x1=BLUEPRINT.format(name="x1").replace(*change))
    assert any(line.startswith(expected) for line in reported), reported


def test_two_files_cannot_describe_one_blueprint() -> None:
    reported = problems(aa=BLUEPRINT.format(name="aa"), bb=BLUEPRINT.format(name="aa"))
    assert "bb.yaml:1: name: is a duplicate of the name in aa.yaml (received 'aa')" in reported


def test_a_blueprint_may_name_any_group_of_the_registry() -> None:
    registry = "registry:\n  groups:\n    reviews: {description: Sentiment}\n    churn: {description: Who leaves}\n"
    text = BLUEPRINT.format(name="x1").replace("group: reviews", "group: churn")
    assert build("dev", platform_file(registry), {"x1": ("x1.yaml", text)}).blueprints[0].model.source
    [problem] = problems(registry, x1=text.replace("churn", "chrun"))
    assert problem.endswith("available: churn, reviews (received 'chrun'); did you mean `churn`?")


@pytest.mark.parametrize(
    ("model", "more", "expected"),
    [
        ("model_id: arn:aws:bedrock:us-east-1:123456789012:custom-model/a/b", "", "x1.yaml:5: model.model_id: is a "
            "customized model, which requires provisioned throughput: set `model.provisioned`"),
        ("model_id: arn:aws:bedrock:us-east-1:123456789012:agent/a", "", "x1.yaml:5: model.model_id: is not an ARN of "
            "a customized model"),
        ("model_id: us.amazon.nova-lite-v1:0\n  provisioned: {}", "", "x1.yaml:6: model.provisioned: requires a model "
            "of this region, not a system inference profile"),
        ("model_id: amazon.nova-lite-v1:0", "guardrail: {}\n", "x1.yaml:6: guardrail: is empty"),
        ("model_id: amazon.nova-lite-v1:0", "data_capture: {}\n", "x1.yaml:6: data_capture: is only available for "
            "models of sagemaker; this one is of bedrock"),
        ("model_id: amazon.nova-lite-v1:0", "format: csv\n", "x1.yaml:6: format: is only available for models of "
            "sagemaker; this one is of bedrock"),
        ("model_id: amazon.nova-lite-v1:0", "parameters: {dimensions: 256}\n", "x1.yaml:6: parameters.dimensions: is "
            "not a parameter of Bedrock's models; available: max_tokens, "),
        ("model_id: amazon.titan-embed-text-v2:0", "parameters: {max_tokens: 9}\n", "x1.yaml:6: "
            "parameters.max_tokens: is not a parameter of this embedding model; available: dimensions (received 9)"),
        ("model_id: amazon.titan-embed-text-v2:0", "guardrail: {words: [x]}\n", "x1.yaml:6: guardrail: cannot be "
            "combined with an embedding model, which generates no text"),
    ],
)  # fmt: skip
def test_rules_of_a_bedrock_blueprint(model: str, more: str, expected: str) -> None:
    text = BLUEPRINT.format(name="x1").replace("source: sagemaker", "source: bedrock")
    text = text.replace("group: reviews", model).replace("label: positive", "contains: x")
    reported = problems(x1=text.replace("smoke:", f"{more}smoke:"))
    assert any(line.startswith(expected) for line in reported), reported


def test_throughput_is_not_bought_locally() -> None:
    text = BLUEPRINT.format(name="x1").replace("source: sagemaker", "source: bedrock")
    text = text.replace("group: reviews", "model_id: amazon.nova-lite-v1:0\n  provisioned: {}")
    text = text.replace("label: positive", "contains: x")
    with pytest.raises(ConfigError, match="is not available in `here`"):
        build("here", platform_file("", "local"), {"x1": ("x1.yaml", text)})


def test_the_functions_have_the_same_formats_and_embedding_models() -> None:
    assert set(containers.FORMATS) == set(get_args(Format))
    for name, payload_format in containers.FORMATS.items():
        accepted = options.TAKEN_BY_FORMAT.get(name)
        assert payload_format.open == (accepted is None), name
        assert accepted is None or set(accepted) == set(payload_format.names), name
    assert {marker: each.parameters for marker, each in embeddings.EMBEDDERS} == options.EMBEDDERS
