"""Expected failures, each with its exit code.

    PlatformError (1)
    ├── ConfigError (3)          an environment file is invalid
    ├── SetupError (4)           a tool or package is missing on this machine
    ├── CredentialsError (5)     no AWS credentials, or credentials of another account
    ├── PolicyViolation (6)      a policy has findings
    ├── PolicyGateBroken (7)     the policy gate did not run completely, which never counts as passed
    ├── TerraformError (8)       terraform failed
    ├── PipelineFailed (9)       the training pipeline failed
    ├── SmokeFailed (10)         a smoke test failed
    ├── WaitingForModel (11)     a SageMaker blueprint has no approved model yet
    ├── EmulatorError (12)       the local AWS did not start or died
    ├── StateLocked (13)         a state is locked, or another run is active in this checkout
    ├── ApprovalRequired (14)    confirmation is required
    ├── RiskNotAccepted (15)     a plan has risks of a class that was not accepted
    ├── QueryFailed (16)         Athena rejected a query, or the query failed
    ├── ReleaseFailed (17)       an endpoint did not get its new version and runs the previous one
    ├── RequestFailed (18)       the inference API rejected a request, or the model failed
    ├── ApprovalPending (19)     a model version is pending approval; everything else is deployed
    ├── MachineError (20)        this machine has a full disk, an unwritable folder or a similar fault
    ├── RemainsLeft (21)         resources of the environment exist that are in no Terraform state
    └── Interrupted (130)        the command stopped waiting; the work in AWS continues

Usage errors, which click raises, exit with 2, an interrupt with 130, an unexpected exception with 70.
"""

from __future__ import annotations


class PlatformError(Exception):
    """An expected failure, printed as two lines: the message and its hint.

    Args:
        message: the broken rule, its place and the value received.
        hint: the remedy; `None` if there is none.
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
    """Terraform was killed, so it is unknown which of its changes are in the state."""


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
