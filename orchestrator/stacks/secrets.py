"""Create and remove secrets of an environment. No Terraform configuration, plan or state contains them.

A function receives the name of the parameter and reads it itself. The value is never printed or stored here. It is
removed with the stack whose functions read it: ids and signatures made with it are not valid without it.
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
    """Create the missing secrets of a stack."""
    for name in OF_STACK.get(stack.name, ()):
        parameter = parameter_of(session.environment, name)
        tags = {**state_tags(session.environment), "phase": stack.phase}
        if ensure_secret(session.target.cloud, parameter, _key(session), tags):
            session.journal.stage(stack.name, f"made the secret {parameter}")


def remove_for(session: Session, stack: Stack) -> None:
    """Remove a stack's secrets once the stack that reads them is destroyed."""
    for name in OF_STACK.get(stack.name, ()):
        remove_secret(session.target.cloud, parameter_of(session.environment, name))


def manual_lines(session: Session, stack: Stack) -> list[str]:
    """Return the commands that create a stack's secrets where no deployment does."""
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
    """Create a secret of random bytes unless it exists; return whether it was created.

    An existing secret is never replaced, and must be readable only with the key.
    """
    ssm = cloud.client("ssm")
    try:
        with explained(cloud, f"make the secret {name}"):
            ssm.put_parameter(
                Name=name,
                Description="Created by the orchestrator; its value is not needed elsewhere.",
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
    """Refuse a secret that the orchestrator did not create: one in plain text, or under another key."""
    filters = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    with explained(cloud, f"read the type of the secret {name}"):
        parameters = cloud.client("ssm").describe_parameters(ParameterFilters=filters)["Parameters"]
    for parameter in parameters:
        kind, key = parameter.get("Type"), parameter.get("KeyId")
        if (kind, key) != ("SecureString", kms_key):
            under = f" under {key}" if key else ""
            raise PlatformError(
                f"the parameter {name} is a {kind}{under}, not a SecureString under {kms_key}: "
                "it was not made by the orchestrator",
                hint=f"find out whose it is, delete it (`aws ssm delete-parameter --name {name}`) and deploy again",
            )


def remove_secret(cloud: Cloud, name: str) -> None:
    """Remove a secret, if it exists."""
    try:
        with explained(cloud, f"remove the secret {name}"):
            cloud.client("ssm").delete_parameter(Name=name)
    except PlatformError as error:
        if error_code(error.__cause__) != "ParameterNotFound":
            raise
