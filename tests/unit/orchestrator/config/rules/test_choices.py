"""What the environment files of this repository decide, where the specification names the choice."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.config import load

REPO = Path(__file__).resolve().parents[5]
ALL_ENDPOINTS = {
    "sagemaker.api", "sagemaker.runtime", "bedrock-runtime", "sts", "logs", "monitoring", "ecr.api", "ecr.dkr", "glue",
    "states", "kms", "lambda",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "nat", "endpoints"),
    [("local", "single", set()), ("dev", "single", set()), ("prod", "per_az", ALL_ENDPOINTS)],
)
def test_networks(name: str, nat: str, endpoints: set[str]) -> None:
    network = load(REPO, name).platform.network
    assert network.nat == nat
    assert endpoints <= set(network.interface_endpoints), "an environment may have more than the specification requires"
    assert endpoints or not network.interface_endpoints
