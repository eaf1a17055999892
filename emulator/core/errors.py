"""Errors of the emulator, each with an exit code.

EmulatorError        1
├── PortTaken        3
├── WrongMoto        4
└── BadNoun          5
"""

from __future__ import annotations


class EmulatorError(Exception):
    """The emulator cannot serve; the message says why and what to do."""

    exit_code = 1


class PortTaken(EmulatorError):
    exit_code = 3

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {host}:{port} ({reason}); stop what uses the port or pass another --port")


class WrongMoto(EmulatorError):
    exit_code = 4

    def __init__(self, installed: str, accepted: str) -> None:
        super().__init__(f"moto {installed} is installed, but the patches are for {accepted} only; install {accepted}")


class BadNoun(EmulatorError):
    """A recorded noun names an operation or a field that AWS's own service model does not have."""

    exit_code = 5
