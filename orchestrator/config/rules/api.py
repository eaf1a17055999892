"""Rules for the inference API's keys and authentication methods.

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
"""The key whose limit the smoke tests exhaust."""
EVERY = "*"


def check(name: str, document: Document, platform: Platform, blueprints: Collection[str]) -> Iterator[Problem]:
    """Check a `platform.yaml` whose environment has these blueprints."""
    yield from _check_keys(document, platform, blueprints)
    cognito = platform.inference.auth.cognito
    if cognito is None:
        return
    location = ("inference", "auth", "cognito")
    if platform.target == "local":
        rule = f"cannot be enabled in `{name}`: the local AWS does not emulate user pools and their tokens"
        yield document.problem(location, rule, True)
    for position, arn in enumerate(cognito.user_pool_arns):
        if arn.split(":")[3] != platform.region:
            rule = f"must be a user pool of {platform.region}: API Gateway requires a pool in its own region"
            yield document.problem((*location, "user_pool_arns", position), rule, arn)


def _check_keys(document: Document, platform: Platform, blueprints: Collection[str]) -> Iterator[Problem]:
    for name, key in platform.inference.api_keys.items():
        location = ("inference", "api_keys", name)
        if name == DEFAULT:
            rule = "is reserved for the key that is valid for all blueprints; choose another name"
            yield document.problem(location, rule, name)
        if name == SMOKE:
            yield document.problem(location, "is reserved for the smoke tests; choose another name", name)
        for position, blueprint in enumerate(key.blueprints):
            here = (*location, "blueprints", position)
            if blueprint in key.blueprints[:position]:
                yield document.problem(here, "is a duplicate", blueprint)
            elif blueprint == EVERY and len(key.blueprints) > 1:
                yield document.problem(here, "means every blueprint, and must be the only entry", blueprint)
            elif blueprint != EVERY and blueprint not in blueprints:
                rule = f"is not a blueprint of this environment; available: {', '.join(sorted(blueprints)) or 'none'}"
                yield document.problem(here, rule, blueprint, nearest(blueprint, blueprints))
