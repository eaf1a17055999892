"""Nothing is accepted that AWS's own models refuse: a sample of `python -m tests.fuzz.aws_models`."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.config.model.platform import Environment
from tests.fakes.platforms import platform as least
from tests.fuzz import aws_models

CASES = 100
"""Of 900 and more, which `make fuzz` tries."""


def test_a_sample_of_changed_files_is_refused_or_good() -> None:
    taken, faults = aws_models.campaign(CASES)
    assert not faults, "\n".join(faults)
    assert CASES / 10 < taken < CASES * 9 / 10, "what is always refused, or never, tries nothing"


@pytest.mark.parametrize(
    ("platform", "words"),
    [
        ({"training": {"instance_type": "banana"}}, "CreateTrainingJob for platform.yaml"),
        ({"storage": {"raw_expiration_days": 2**31}}, "PutBucketLifecycleConfiguration"),
        ({"registry": {"groups": {"reviews": {"description": "a\nb"}}}}, "CreateModelPackageGroup"),
        ({"tags": {"a&b": "c"}}, "CreateRole"),
    ],
)
def test_the_judge_knows_what_aws_refuses(platform: dict[str, Any], words: str) -> None:
    """Straight from the models of the files, past all checks."""
    environment = Environment(name="dev", platform=least(**platform), blueprints=())
    assert [each for each in aws_models.refused_by_aws(environment) if words in each]
    assert not aws_models.refused_by_aws(Environment(name="dev", platform=least(), blueprints=()))
