"""A blueprint file, and the problems of an environment."""

from __future__ import annotations

import pytest

from orchestrator.config.loader import build
from orchestrator.errors import ConfigError
from tests.fakes.platforms import platform_file

BLUEPRINT = """\
name: {name}
kind: realtime
model:
  source: sagemaker
  group: reviews
smoke:
  golden:
    - input: good
      label: positive
"""


def problems(platform: str = "", **blueprints: str) -> list[str]:
    texts = {stem: (f"{stem}.yaml", text) for stem, text in blueprints.items()}
    with pytest.raises(ConfigError) as error:
        build("dev", platform_file(platform), texts)
    lines = error.value.message.splitlines()
    return [line.strip() for line in (lines[1:] if len(lines) > 1 else lines)]
