"""Status of runs that moto would advance each time they are described."""

from __future__ import annotations

from moto.moto_api._internal.managed_state_model import ManagedState


class ProcessStatus(ManagedState):
    """Mixin for a run of moto: the status changes with the process, not with time."""

    _state: str

    @property
    def status(self) -> str:
        return self._state

    @status.setter
    def status(self, value: str) -> None:
        self._state = value

    def advance(self) -> None:
        """Do nothing: describing a run does not change its status."""
