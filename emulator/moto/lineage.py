"""Who asked: every request to moto is handled under the evidence record that caused it.

Two ways tell: the header `x-emulator-parent`, sent by the Step Functions interpreter, and the credentials, which
a running Lambda, job or model server was lent for exactly one record at a time.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import BaseResponse

from emulator.core import processes
from emulator.core.aws import go_offline
from emulator.core.evidence import STORE, caused_by
from emulator.core.settings import Settings

HEADER = "x-emulator-parent"


def apply(settings: Settings) -> None:
    original = BaseResponse.call_action

    def call_action(self: BaseResponse) -> Any:
        cause = self.headers.get(HEADER) or STORE.borrower(self.get_access_key())
        with caused_by(cause):
            return original(self)

    BaseResponse.call_action = call_action  # type: ignore[method-assign]


def shutdown() -> None:
    """Last of the compute seams: whatever they left running ends here."""
    go_offline()
    processes.kill_all()
