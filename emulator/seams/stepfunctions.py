"""Step Functions' control plane: validation of definitions, versions."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from antlr4 import ParserRuleContext
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.parser.api import InvalidDefinition
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.parse import asl_parser
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from emulator.seams.patching import add
from emulator.settings import Settings


def apply(settings: Settings) -> None:
    _parsing()
    _validation()
    _versions()


def _parsing() -> None:
    """The text of a definition is read once, though each plan, apply and execution asks for it.

    The parser is Python, and needs half a second for a long one. What runs is made anew from the tree every time.
    """

    def parse(definition: str) -> tuple[EvalComponent, ParserRuleContext]:
        tree, errors = _tree(definition)
        if errors:
            raise asl_parser.ASLParserException(errors=list(errors))
        return asl_parser.Preprocessor().visit(tree), tree

    parser = asl_parser.AmazonStateLanguageParser
    if "parse" not in vars(parser):
        raise TypeError(f"{parser.__qualname__} has no parse")
    parser.parse = staticmethod(parse)


@lru_cache(maxsize=32)
def _tree(definition: str) -> tuple[ParserRuleContext, tuple[str, ...]]:
    """The syntax tree, and what is wrong with the definition."""
    listener = asl_parser.SyntaxErrorListener()
    parser = asl_parser.ASLParser(asl_parser.CommonTokenStream(asl_parser.ASLLexer(asl_parser.InputStream(definition))))
    parser.removeErrorListeners()
    parser.addErrorListener(listener)
    return parser.state_machine(), tuple(listener.errors)


def _validation() -> None:
    @add(StepFunctionResponse)
    def validate_state_machine_definition(self: Any) -> Any:
        """The provider asks at plan time. Answered by the interpreter that will run the definition."""
        diagnostics = diagnose(self._get_param("definition"))
        return ActionResult({"result": "FAIL" if diagnostics else "OK", "diagnostics": diagnostics, "truncated": False})


def diagnose(definition: str) -> list[dict[str, str]]:
    """Errors of a definition as AWS lists them; empty when it is fine."""
    try:
        document = json.loads(definition)
    except ValueError as error:
        return [_diagnostic("INVALID_JSON_DESCRIPTION", str(error), "/")]
    try:
        StepFunctionsParserBackend._validate_definition(definition=definition)
    except InvalidDefinition as error:
        return [_diagnostic("SCHEMA_VALIDATION_FAILED", str(error.message), "/")]
    return _dangling(document, "")


def _dangling(block: dict[str, Any], location: str) -> list[dict[str, str]]:
    """Transitions to states that are not there, which the interpreter would only meet when it gets to them."""
    states = block.get("States", {})
    found = []
    for name, place in _transitions(block, location):
        if name not in states:
            found.append(_diagnostic("MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {name}", place))
    for name, state in states.items():
        inner = [*state.get("Branches", []), *(state[key] for key in ("ItemProcessor", "Iterator") if key in state)]
        for index, nested in enumerate(inner):
            found += _dangling(nested, f"{location}/States/{name}/{index}")
    return found


def _transitions(block: dict[str, Any], location: str) -> list[tuple[str, str]]:
    """Every (target, where it is named) of one block of states."""
    found = [(block["StartAt"], f"{location}/StartAt")] if "StartAt" in block else []
    for name, state in block.get("States", {}).items():
        place = f"{location}/States/{name}"
        found += [(state[key], f"{place}/{key}") for key in ("Next", "Default") if key in state]
        for key in ("Choices", "Catch"):
            found += [(rule["Next"], f"{place}/{key}") for rule in state.get(key, []) if "Next" in rule]
    return found


def _diagnostic(code: str, message: str, location: str) -> dict[str, str]:
    return {"severity": "ERROR", "code": code, "message": message, "location": location}


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
        wanted = self._get_param("stateMachineVersionArn")
        for machine in self.stepfunction_backend.state_machines:
            for number, version in list(machine.versions.items()):
                if version.arn == wanted:
                    del machine.versions[number]
        return EmptyResult()
