"""Protocols of AWS and of the state bucket, for real accounts and the local AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from orchestrator.core.state import State
from orchestrator.core.types import Json


class Cloud(Protocol):
    """AWS (or the emulator behind `AWS_ENDPOINT_URL`), as far as deploy, pipeline and smoke need it."""

    endpoint: str | None
    """Emulator endpoint; `None` on AWS."""

    def account_id(self) -> str:
        """Raises `CredentialsError`."""
        ...

    def client(self, service: str) -> Any:
        """A boto3 client of this environment's region, endpoint and credentials."""
        ...

    def api_url(self, rest_api_id: str, stage: str) -> str: ...
    def http(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, lower-case headers, body. Never through a proxy when the target is loopback."""
        ...


@dataclass(frozen=True)
class StoredLock:
    """A lock object, as it lies beside the state that it locks."""

    stack: str
    key: str
    etag: str
    modified: str
    """When it was written, as ISO 8601."""
    info: Json | None
    """As terraform wrote it (`Who`, `Operation`, `Created`, `ID`); `None` where it is no such object."""


class StateStore(Protocol):
    """Terraform states of one environment, read straight from the bucket."""

    bucket: str

    def ensure_bucket(self) -> bool:
        """Create the bucket (versioned, encrypted, private) and its key if they are missing; True if it was made.

        Raises `CredentialsError` for a bucket of another account.
        """
        ...

    @property
    def key_arn(self) -> str | None:
        """ARN of the key that the states lie under; `None` where there is none yet."""
        ...

    def key(self, stack: str) -> str: ...
    def stacks(self) -> tuple[str, ...]:
        """Names of all that have a state object, whatever is in it."""
        ...

    def read(self, stack: str) -> State | None: ...
    def read_proof(self, stack: str) -> Json | None:
        """What was stored about the last success; `None` if nothing was, or something that is no object."""
        ...

    def write_proof(self, stack: str, proof: Json) -> None: ...
    def remove_proof(self, stack: str) -> None: ...
    def locks(self) -> list[StoredLock]:
        """All locks that are held now, also of states that no file names any more."""
        ...

    def remove_lock(self, lock: StoredLock) -> bool:
        """Delete exactly this lock; False if it is gone, or another one lies there by now."""
        ...
