"""Adapt example outputs to one environment. Pure.

The files next to the phases are written for one environment, so that they can be read and be tested as
they stand. In a preview they meet values of the environment that is planned, and Terraform compares the
two: a bucket's name must carry the same project, environment, account and region everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from orchestrator.config.model.platform import Environment
from orchestrator.core.types import Json

_PROJECT, _ENVIRONMENT = "mlops", "local"
_ACCOUNT, _REGION = "123456789012", "us-east-1"


def for_environment(examples: Mapping[str, Json], environment: Environment, account_id: str) -> dict[str, Json]:
    """Return the examples with the names that this environment would have."""
    project, name = environment.platform.project, environment.name
    text = json.dumps(dict(examples))
    # Names of databases take no hyphens, names of parameters are paths.
    for written in (f"{_PROJECT}-{_ENVIRONMENT}", f"{_PROJECT}_{_ENVIRONMENT}", f"{_PROJECT}/{_ENVIRONMENT}"):
        joint = written[len(_PROJECT)]
        renamed = f"{project}{joint}{name}"
        text = text.replace(written, renamed.replace("-", "_") if joint == "_" else renamed)
    text = text.replace(_ACCOUNT, account_id).replace(_REGION, environment.platform.region)
    adapted: dict[str, Json] = json.loads(text)
    return adapted
