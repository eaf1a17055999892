"""Causes of requests: each request to moto is handled under the evidence record that caused it.

The record is named by the header `x-emulator-parent`, sent by the Step Functions interpreter, or by the credentials,
which a running Lambda, job or model server holds for exactly one record at a time.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import BaseResponse

from emulator.core.evidence import STORE, caused_by
from emulator.core.settings import Settings
from emulator.moto.patching import wrap

HEADER = "x-emulator-parent"


def apply(settings: Settings) -> None:
    @wrap(BaseResponse, "call_action")
    def call_action(original: Any, self: BaseResponse) -> Any:
        cause = self.headers.get(HEADER) or STORE.borrower(self.get_access_key())
        with caused_by(cause):
            return original(self)
