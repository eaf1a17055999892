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
        """Return status, lower-case headers and body. Never uses a proxy if the target is loopback."""
        ...


@dataclass(frozen=True)
class StoredLock:
    """A lock object, which is stored beside the state that it locks."""

    stack: str
    key: str
    etag: str
    modified: str
    """The time of the last write, in ISO 8601."""
    info: Json | None
    """Terraform's fields (`Who`, `Operation`, `Created`, `ID`); `None` if the object has another form."""


class StateStore(Protocol):
    """The Terraform states of an environment, read from their bucket."""

    bucket: str

    def ensure_bucket(self) -> bool:
        """Create the bucket (versioned, encrypted, private) and its key if missing; `True` if it was created.

        Raises `CredentialsError` for a bucket of another account.
        """
        ...

    @property
    def key_arn(self) -> str | None:
        """The ARN of the key that encrypts the states; `None` if there is none yet."""
        ...

    def key(self, stack: str) -> str: ...
    def stacks(self) -> tuple[str, ...]:
        """List the stacks that have a state object, whatever it contains."""
        ...

    def read(self, stack: str) -> State | None: ...
    def read_proof(self, stack: str) -> Json | None:
        """Read the proof of the last success; `None` if it is missing or not a JSON object."""
        ...

    def write_proof(self, stack: str, proof: Json) -> None: ...
    def remove_proof(self, stack: str) -> None: ...
    def locks(self) -> list[StoredLock]:
        """List all locks that are held now, including those of states without files."""
        ...

    def remove_lock(self, lock: StoredLock) -> bool:
        """Delete exactly this lock; `False` if it was released or replaced."""
        ...
