"""IAM: AWS's managed policies, read when one of them is needed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend, ManagedPolicy

from emulator.core.settings import Settings
from emulator.moto.patching import wrap
from emulator.moto.thread_safety import Walked

OWNED_BY_AWS = ":iam::aws:policy/"


def apply(settings: Settings) -> None:
    _read_late()
    _attach()


class Policies(Walked):
    """The account's policies by ARN. AWS's (about 1600) are added when one of them, or all, are first read."""

    def __init__(self, read: Any) -> None:
        super().__init__()
        self._read = read
        self._lock = threading.Lock()

    def complete(self) -> None:
        with self._lock:
            read, self._read = self._read, None
            if read is not None:
                # In one step, as other threads may look up policies meanwhile.
                super().update({policy.arn: policy for policy in read()})

    def _look_for(self, arn: object) -> None:
        if OWNED_BY_AWS in str(arn):
            self.complete()

    def __contains__(self, arn: object) -> bool:
        self._look_for(arn)
        return super().__contains__(arn)

    def __getitem__(self, arn: str) -> ManagedPolicy:
        self._look_for(arn)
        policy: ManagedPolicy = super().__getitem__(arn)
        return policy

    def get(self, arn: str, default: Any = None) -> Any:
        self._look_for(arn)
        return super().get(arn, default)

    def __iter__(self) -> Iterator[str]:
        self.complete()
        return super().__iter__()

    def __len__(self) -> int:
        self.complete()
        return super().__len__()

    def keys(self) -> Any:
        self.complete()
        return super().keys()

    def values(self) -> Any:
        self.complete()
        return super().values()

    def items(self) -> Any:
        self.complete()
        return super().items()


def _read_late() -> None:
    """Defer reading the managed policies, which takes moto over a second per partition at the first request."""

    @wrap(IAMBackend, "_init_aws_policies")
    def init_aws_policies(original: Any, self: Any) -> list[ManagedPolicy]:
        self.emulator_read_policies = lambda: original(self)
        return []

    @wrap(IAMBackend, "_init_managed_policies")
    def init_managed_policies(original: Any, self: Any) -> Policies:
        def read() -> list[ManagedPolicy]:
            self.aws_managed_policies.extend(self.emulator_read_policies())
            return list(self.aws_managed_policies)

        return Policies(read)


def _attach() -> None:
    """Look policies up by ARN; moto iterates over all, and fails if another request creates one meanwhile."""

    @wrap(IAMBackend, "attach_role_policy")
    def attach_role_policy(original: Any, self: Any, policy_arn: str, role_name: str) -> None:
        policy = self.managed_policies.get(policy_arn)
        if policy is None:
            raise NotFoundException(f"Policy {policy_arn} does not exist or is not attachable.")
        policy.attach_to(self.get_role(role_name))

    @wrap(IAMBackend, "detach_role_policy")
    def detach_role_policy(original: Any, self: Any, policy_arn: str, role_name: str) -> None:
        policy = self.managed_policies.get(policy_arn)
        if policy is None or policy_arn not in self.get_role(role_name).managed_policies:
            raise NotFoundException(f"Policy {policy_arn} was not found.")
        policy.detach_from(self.get_role(role_name))
