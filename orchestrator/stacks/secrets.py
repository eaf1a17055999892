"""Secrets of an environment: made here, once, and known to no Terraform configuration, plan or state.

A function is told the name of the parameter and reads it itself. The value is never printed and never kept here. It
stays as long as the stack whose functions read it: what it made (ids, signatures) is good for nothing without it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from orchestrator.aws.client import error_code, explained
from orchestrator.aws.model import Cloud
from orchestrator.config.model.platform import Environment
from orchestrator.errors import PlatformError
from orchestrator.planning.graph import Stack
from orchestrator.session.session import Session
from orchestrator.session.target import state_tags

BYTES = 32
OF_STACK = {"inference": ("job-ids",)}
"""Stack to the secrets that its functions read. Terraform spells their names the same way."""


def ensure_for(session: Session, stack: Stack) -> None:
    """Make what is missing of a stack's secrets."""
    for name in OF_STACK.get(stack.name, ()):
        parameter = parameter_of(session.environment, name)
        tags = {**state_tags(session.environment), "phase": stack.phase}
        if ensure_secret(session.target.cloud, parameter, _key(session), tags):
            session.journal.stage(stack.name, f"made the secret {parameter}")


def remove_for(session: Session, stack: Stack) -> None:
    """Remove a stack's secrets once nothing of it is left to read them."""
    for name in OF_STACK.get(stack.name, ()):
        remove_secret(session.target.cloud, parameter_of(session.environment, name))


def manual_lines(session: Session, stack: Stack) -> list[str]:
    """Say what to type, once, where no deployment makes a stack's secrets."""
    return [
        f"openssl rand -hex {BYTES} | tr -d '\\n' | aws ssm put-parameter --type SecureString "
        f"--name {parameter_of(session.environment, name)} --key-id {_key(session)} --value file:///dev/stdin"
        for name in OF_STACK.get(stack.name, ())
    ]


def _key(session: Session) -> str:
    return str(session.results.outputs["foundation"]["kms"]["data_key_arn"])


def parameter_of(environment: Environment, name: str) -> str:
    return f"/{environment.platform.project}/{environment.name}/secrets/{name}"


def ensure_secret(cloud: Cloud, name: str, kms_key: str, tags: Mapping[str, str]) -> bool:
    """Make a secret of random bytes unless there is one; tells whether it was made.

    One that is there is never replaced, and has to be what would be made here: readable only with the key.
    """
    ssm = cloud.client("ssm")
    try:
        with explained(cloud, f"make the secret {name}"):
            ssm.put_parameter(
                Name=name,
                Description="Made by the orchestrator; nobody needs to know it.",
                Value=secrets.token_hex(BYTES),
                Type="SecureString",
                KeyId=kms_key,
                Overwrite=False,
                Tags=[{"Key": key, "Value": value} for key, value in sorted(tags.items())],
            )
    except PlatformError as error:
        if error_code(error.__cause__) != "ParameterAlreadyExists":
            raise
        _check(cloud, name, kms_key)
        return False
    return True


def _check(cloud: Cloud, name: str, kms_key: str) -> None:
    """Refuse a secret that somebody else may have made: one in plain text, or under another key."""
    filters = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    with explained(cloud, f"look at the secret {name}"):
        found = cloud.client("ssm").describe_parameters(ParameterFilters=filters)["Parameters"]
    for parameter in found:
        kind, key = parameter.get("Type"), parameter.get("KeyId")
        if (kind, key) != ("SecureString", kms_key):
            under = f" under {key}" if key else ""
            raise PlatformError(
                f"the parameter {name} is a {kind}{under}, not a SecureString under {kms_key}: "
                "it was not made by the orchestrator",
                hint=f"find out whose it is, delete it (`aws ssm delete-parameter --name {name}`) and deploy again",
            )


def remove_secret(cloud: Cloud, name: str) -> None:
    """Remove a secret. One that is gone is fine."""
    try:
        with explained(cloud, f"remove the secret {name}"):
            cloud.client("ssm").delete_parameter(Name=name)
    except PlatformError as error:
        if error_code(error.__cause__) != "ParameterNotFound":
            raise
