"""Every expected failure, with its exit code and a way out.

    PlatformError (1)
    ├── ConfigError (3)          an environment file is wrong
    ├── SetupError (4)           a tool or package is missing on this machine
    ├── CredentialsError (5)     no AWS credentials, or those of another account
    ├── PolicyViolation (6)      a policy found something
    ├── PolicyGateBroken (7)     the gate itself did not run completely: red, never green
    ├── TerraformError (8)       terraform said no
    ├── PipelineFailed (9)       the training pipeline ended red
    ├── SmokeFailed (10)         a deployed thing does not answer
    ├── WaitingForModel (11)     a SageMaker blueprint has no approved model yet
    ├── EmulatorError (12)       the local AWS did not start or died
    ├── StateLocked (13)         somebody else is at work: holds the state lock, or runs in this checkout
    ├── ApprovalRequired (14)    a person has to say yes
    ├── RiskNotAccepted (15)     a plan has risks of a class that was not accepted
    ├── QueryFailed (16)         Athena refused or failed a query
    ├── ReleaseFailed (17)       an endpoint did not get its new version, and kept or went back to the old one
    ├── RequestFailed (18)       the inference API refused a request, or the model failed
    ├── ApprovalPending (19)     a model version waits for a person; everything else is deployed
    ├── MachineError (20)        this machine refuses: a full disk, a folder that cannot be written
    ├── RemainsLeft (21)         something of the environment is there and in no Terraform state
    └── Interrupted (130)        somebody stopped waiting; what was asked for goes on

Click's own usage errors exit with 2, an interrupt with 130, an unexpected exception with 70.
"""

from __future__ import annotations


class PlatformError(Exception):
    """An expected failure: printed as two lines, the message and its hint.

    Args:
        message: what was wrong, where, and the value received.
        hint: what to do about it; `None` when there is nothing useful to say.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(PlatformError):
    exit_code = 3


class SetupError(PlatformError):
    exit_code = 4


class CredentialsError(PlatformError):
    exit_code = 5


class PolicyViolation(PlatformError):
    exit_code = 6


class PolicyGateBroken(PlatformError):
    exit_code = 7


class TerraformError(PlatformError):
    exit_code = 8


class TerraformKilled(TerraformError):
    """It could not end by itself, so nobody knows yet what of its work is in the state."""


class PipelineFailed(PlatformError):
    exit_code = 9


class SmokeFailed(PlatformError):
    exit_code = 10


class WaitingForModel(PlatformError):
    exit_code = 11


class EmulatorError(PlatformError):
    exit_code = 12


class StateLocked(PlatformError):
    exit_code = 13


class ApprovalRequired(PlatformError):
    exit_code = 14


class RiskNotAccepted(PlatformError):
    exit_code = 15


class QueryFailed(PlatformError):
    exit_code = 16


class ReleaseFailed(PlatformError):
    exit_code = 17


class RequestFailed(PlatformError):
    exit_code = 18


class ApprovalPending(PlatformError):
    exit_code = 19


class MachineError(PlatformError):
    exit_code = 20


class RemainsLeft(PlatformError):
    exit_code = 21


class Interrupted(PlatformError):
    exit_code = 130
