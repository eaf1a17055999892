"""The AWS that a run works on, and how it is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.config.model.platform import Environment
from orchestrator.core.local_access import LocalAccess
from orchestrator.errors import EmulatorError
from orchestrator.planning.values import state_bucket, tags
from orchestrator.session.ports import Tools
from orchestrator.system.identity import Identity

if TYPE_CHECKING:
    from orchestrator.aws.model import Cloud, StateStore
    from orchestrator.local_aws.model import EmulatorInfo


@dataclass(frozen=True)
class Target:
    """The AWS that a run works on."""

    cloud: Cloud
    account_id: str
    endpoint: str | None
    store: StateStore
    env: Mapping[str, str]
    throwaway: bool = False
    """Whether this is a local AWS for this run only: it starts empty and is deleted afterwards."""
    process: Identity | None = None
    """Process of the local AWS; `None` on AWS."""


def open_target(tools: Tools, local: LocalAccess | None, *, throwaway: bool = False) -> Target:
    """Connect to a local AWS, or to AWS where `local` is `None`.

    Raises:
        CredentialsError: no usable credentials.
    """
    cloud = tools.cloud(local)
    account_id = cloud.account_id()
    store = tools.states(cloud, state_bucket(tools.environment, account_id))
    endpoint, process = (local.endpoint, local.process) if local is not None else (None, None)
    return Target(cloud, account_id, endpoint, store, tools.process_env(local), throwaway, process)


def running_emulator(tools: Tools) -> EmulatorInfo:
    """Return the running local AWS. Raises `EmulatorError` when there is none."""
    info, name = tools.emulator.status(), tools.environment.name
    if info is None:
        raise EmulatorError(
            tools.emulator.lost() or "the local AWS is not running, so nothing is deployed in it",
            hint=f"`orchestrator deploy {name}` starts it and deploys, `orchestrator emulator up {name}` starts it",
        )
    return info


def state_tags(environment: Environment) -> dict[str, str]:
    """Return the tags of the state bucket, which the orchestrator creates itself."""
    return {**tags(environment), "managed-by": "orchestrator"}
