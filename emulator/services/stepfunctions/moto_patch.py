"""Step Functions' control plane: validation of definitions, versions."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.parser import api
from moto.stepfunctions.responses import StepFunctionResponse

from emulator.core.settings import Settings
from emulator.moto.patching import add, wrap
from emulator.services.stepfunctions import moto_definitions

MESSAGES = {
    "TaskTimedOut": "Task Timed Out: 'Provided task does not exist anymore'",
    "InvalidToken": "Invalid Token: 'Invalid token'",
}
"""Messages of errors that moto raises without one."""


def apply(settings: Settings) -> None:
    moto_definitions.install()
    _errors()
    _validation()
    _versions()


def _errors() -> None:
    """Give the interpreter's errors the code attribute that moto's server reads, and a message if they lack one."""
    for error in [each for each in vars(api).values() if isinstance(each, type) and issubclass(each, AWSError)]:
        code = vars(error).get("code")
        if isinstance(code, str):
            error.TYPE = code

    @wrap(AWSError, "__init__")
    def init(original: Any, self: Any, message: str | None = None, *args: Any, **given: Any) -> None:
        original(self, message or MESSAGES.get(self.TYPE, self.TYPE), *args, **given)


def _validation() -> None:
    @add(StepFunctionResponse)
    def validate_state_machine_definition(self: Any) -> Any:
        """Validate with the interpreter that will run the definition. Terraform's provider calls this at plan time."""
        diagnostics = moto_definitions.diagnose(self._get_param("definition"))
        return ActionResult({"result": "FAIL" if diagnostics else "OK", "diagnostics": diagnostics, "truncated": False})


def _versions() -> None:
    @add(StepFunctionResponse)
    def list_state_machine_versions(self: Any) -> Any:
        machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
        newest_first = sorted(getattr(machine, "versions", {}).values(), key=lambda version: -version.version)
        return ActionResult(
            {
                "stateMachineVersions": [
                    {"stateMachineVersionArn": version.arn, "creationDate": version.creation_date}
                    for version in newest_first
                ]
            }
        )

    @add(StepFunctionResponse)
    def delete_state_machine_version(self: Any) -> Any:
        arn = self._get_param("stateMachineVersionArn")
        for machine in self.stepfunction_backend.state_machines:
            for number, version in list(machine.versions.items()):
                if version.arn == arn:
                    del machine.versions[number]
        return EmptyResult()
