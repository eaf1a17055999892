"""Rules of the inference API's keys and doors.

Pure: documents and models in, problems out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from orchestrator.config.model.platform import Platform
from orchestrator.config.problems import Problem, nearest
from orchestrator.config.yaml_source import Document

DEFAULT = "default"
"""The key that every environment has; the smoke tests use it."""
SMOKE = "smoke"
"""The key whose limit the smoke tests hit."""
EVERY = "*"


def check(name: str, document: Document, platform: Platform, blueprints: Collection[str]) -> Iterator[Problem]:
    """Rules of one `platform.yaml`, whose environment has these blueprints."""
    yield from _check_keys(document, platform, blueprints)
    cognito = platform.inference.auth.cognito
    if cognito is None:
        return
    location = ("inference", "auth", "cognito")
    if platform.target == "local":
        rule = f"cannot be switched on in `{name}`: the local AWS has no user pools and checks no tokens of theirs"
        yield document.problem(location, rule, True)
    for position, arn in enumerate(cognito.user_pool_arns):
        if arn.split(":")[3] != platform.region:
            rule = f"must be a user pool of {platform.region}: API Gateway asks pools of its own region"
            yield document.problem((*location, "user_pool_arns", position), rule, arn)


def _check_keys(document: Document, platform: Platform, blueprints: Collection[str]) -> Iterator[Problem]:
    for name, key in platform.inference.api_keys.items():
        location = ("inference", "api_keys", name)
        if name == DEFAULT:
            rule = "is there already, good for every blueprint and with the limits of the API; take another name"
            yield document.problem(location, rule, name)
        if name == SMOKE:
            yield document.problem(location, "is there already, for the smoke tests alone; take another name", name)
        for position, blueprint in enumerate(key.blueprints):
            here = (*location, "blueprints", position)
            if blueprint in key.blueprints[:position]:
                yield document.problem(here, "is in the list already", blueprint)
            elif blueprint == EVERY and len(key.blueprints) > 1:
                yield document.problem(here, "means every blueprint, and must stand alone", blueprint)
            elif blueprint != EVERY and blueprint not in blueprints:
                rule = f"is no blueprint of this environment; there are {', '.join(sorted(blueprints)) or 'none'}"
                yield document.problem(here, rule, blueprint, nearest(blueprint, blueprints))
