"""What section `batch` of a blueprint file needs from its environment."""

from __future__ import annotations

import pytest
import yaml

from orchestrator.config import loader
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform_file

LAYER = "arn:aws:lambda:us-east-1:336392948345:layer:AWSSDKPandas-Python312-Arm64:18"
SMOKE = {"golden": [{"input": "Great", "label": "positive"}]}


def problems(target: str, form: str, platform: str = "") -> str:
    """What an environment with one batch blueprint is refused for; nothing if it is taken."""
    model = {"source": "sagemaker", "group": "reviews"}
    document = {"name": "files", "kind": "batch", "model": model, "batch": {"format": form}, "smoke": SMOKE}
    try:
        files = {"files": ("files.yaml", yaml.safe_dump(document, sort_keys=False))}
        loader.build("here", platform_file(f"owner: me\n{platform}", target), files)
    except ConfigError as error:
        return str(error)
    return ""


def test_parquet_needs_the_layer_that_reads_it() -> None:
    assert problems("aws", "parquet") == (
        "files.yaml:7: batch.format: requires `inference.parquet_layer_arn` in platform.yaml: a layer with pyarrow "
        "(arm64, Python 3.12) (received 'parquet')"
    )
    assert problems("aws", "parquet", f"inference: {{parquet_layer_arn: '{LAYER}'}}\n") == ""


@pytest.mark.parametrize(("target", "form"), [("aws", "auto"), ("aws", "csv"), ("local", "parquet")])
def test_others_do_without(target: str, form: str) -> None:
    assert problems(target, form) == ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ""),
        ({"usd_per_million_input_tokens": 0.06, "usd_per_million_output_tokens": 0}, ""),
        (
            {"usd_per_million_input_tokens": 0.06},
            "batch.prices.usd_per_million_input_tokens: requires `usd_per_million_output_tokens`, which may be 0: "
            "an estimate needs all prices (received 0.06)",
        ),
        (
            {"usd_per_million_output_tokens": 0.06},
            "batch.prices.usd_per_million_output_tokens: requires `usd_per_million_input_tokens`, which may be 0: "
            "an estimate needs all prices (received 0.06)",
        ),
        (
            {"instance_usd_per_hour": 1.0},
            "batch.prices.instance_usd_per_hour: is not a price of models of bedrock; available: "
            "usd_per_million_input_tokens, usd_per_million_output_tokens (received 1.0)",
        ),
    ],
)
def test_half_of_the_prices_is_refused(given: dict[str, float], expected: str) -> None:
    document = {
        "name": "files",
        "kind": "batch",
        "model": {"source": "bedrock", "model_id": "amazon.nova-lite-v1:0"},
        "batch": {"prices": given},
        "smoke": {"golden": [{"input": "Hello", "contains": "e"}]},
    }
    files = {"files": ("files.yaml", yaml.safe_dump(document, sort_keys=False))}
    try:
        loader.build("here", platform_file("owner: me\n"), files)
        message = ""
    except ConfigError as error:
        message = str(error)
    assert message.partition(": ")[2] == expected
