"""Parse definitions of state machines, each with separate state, and reject those that cannot run.

What moto gets wrong, and what is done about it here:

- all parses share one list of query languages, and a parse that fails leaves its entries there: from then on no
  definition with `Parameters` is accepted, and none runs. Each parse gets its own list;
- all threads share and fill ANTLR's tables of a grammar: one thread parses at a time;
- JSONata, `Assign` and variables are accepted though nothing evaluates them: they are rejected with a message;
- missing transitions, transitions to missing states, and invalid paths and functions fail only when an execution
  reaches them: they are rejected;
- an error repeats the whole definition instead of naming the fault and its place.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from antlr4 import CommonTokenStream, InputStream, ParserRuleContext
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.ext.parser import parse
from moto.stepfunctions.parser.api import InvalidDefinition
from moto.stepfunctions.parser.asl.antlr.runtime.ASLIntrinsicLexer import ASLIntrinsicLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLIntrinsicParser import ASLIntrinsicParser
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringJsonPath,
    StringVariableSample,
)
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.intrinsic.function.function import Function
from moto.stepfunctions.parser.asl.parse import asl_parser
from moto.stepfunctions.parser.asl.parse.intrinsic.intrinsic_parser import IntrinsicParser
from moto.stepfunctions.parser.asl.parse.intrinsic.preprocessor import Preprocessor as FunctionPreprocessor
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from emulator.moto.patching import replace, wrap

DEEPEST = 100
"""Levels of JSON. The interpreter recurses for each one, which Python limits to some 1 000 calls."""
NOT_RUN = "the local AWS does not run {}, and so does not accept the definition; AWS does"
TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector")
LEADS_ON = ("Task", "Pass", "Wait", "Parallel", "Map")
"""States with a transition."""
EXPRESSION = re.compile(r"\$.*|States\..*\)", re.DOTALL)
_READING = threading.Lock()

Diagnostic = dict[str, str]


def install() -> None:
    _own_state()
    _expressions()
    replace(asl_parser.AmazonStateLanguageParser, "parse", read)
    replace(IntrinsicParser, "parse", read_function)
    replace(StepFunctionsParserBackend, "_validate_definition", check)


def _own_state() -> None:
    shared = "_query_language_per_scope"
    if shared not in vars(Preprocessor) or "__init__" in vars(Preprocessor):
        raise TypeError(f"{Preprocessor.__qualname__} no longer keeps its query languages in the class")

    def init(self: Any) -> None:
        setattr(self, shared, [])

    replace(Preprocessor, "__init__", init)
    # Without the shared list, a preprocessor that skips the above fails instead of using it.
    delattr(Preprocessor, shared)


def _expressions() -> None:
    """Check expressions in quotes when a definition is parsed; moto does so when it runs, or not at all."""

    @wrap(StringVariableSample, "__init__")
    def sample(original: Any, self: Any, query_language_mode: Any, expression: str) -> None:
        raise ValueError(NOT_RUN.format(f"variables ({expression})"))

    @wrap(StringJsonPath, "__init__")
    def path(original: Any, self: Any, json_path: str) -> None:
        if not _is_path(json_path):
            raise ValueError(f"{json_path!r} must be a valid JSONPath")
        original(self, json_path)


@lru_cache(maxsize=512)
def _is_path(text: str) -> bool:
    try:
        parse(text)
    except (JSONPathError, ValueError):
        return False
    return True


def read(definition: str) -> tuple[EvalComponent, ParserRuleContext]:
    """Return the program of a definition, built for each call from a syntax tree that is cached by text.

    Each plan, apply and execution needs it. The parser is Python, and takes half a second for a long definition.
    """
    tree, errors = _tree(definition)
    if errors:
        raise asl_parser.ASLParserException(errors=list(errors))
    return Preprocessor().visit(tree), tree


@lru_cache(maxsize=32)
def _tree(definition: str) -> tuple[ParserRuleContext, tuple[str, ...]]:
    """Return the syntax tree of a definition and its syntax errors."""
    return _parsed(definition, ASLLexer, ASLParser, ASLParser.state_machine)


def read_function(source: str) -> tuple[Function, ParserRuleContext]:
    """Parse an intrinsic function, such as `States.Format('{}', $.a)`."""
    tree, errors = _parsed(source, ASLIntrinsicLexer, ASLIntrinsicParser, ASLIntrinsicParser.func_decl)
    if errors:
        raise ValueError(f"{source!r} must be a valid intrinsic function call")
    return FunctionPreprocessor().visit(tree), tree


def _parsed(
    text: str, lexer: type, parser: type, rule: Callable[[Any], ParserRuleContext]
) -> tuple[ParserRuleContext, tuple[str, ...]]:
    listener = asl_parser.SyntaxErrorListener()

    def observed(part: Any) -> Any:
        part.removeErrorListeners()  # it writes to the terminal
        part.addErrorListener(listener)
        return part

    with _READING:
        tree = rule(observed(parser(CommonTokenStream(observed(lexer(InputStream(text)))))))
    return tree, tuple(listener.errors)


# ---- diagnostics -----------------------------------------------------------------------------------------------


def check(definition: str) -> None:
    """Raise `InvalidDefinition` with AWS's message if `diagnose` returns errors."""
    errors = [f"'{each['code']}: {each['message']} at {each['location']}'" for each in diagnose(definition)]
    if errors:
        raise InvalidDefinition(f"Invalid State Machine Definition: {', '.join(errors)}")


def diagnose(definition: str) -> list[Diagnostic]:
    """Return the errors of a definition as AWS lists them; empty if it is valid."""
    try:
        document = json.loads(definition)
    except (ValueError, RecursionError) as error:
        return [_diagnostic("INVALID_JSON_DESCRIPTION", str(error), "/")]
    if not isinstance(document, dict):
        return [_diagnostic("SCHEMA_VALIDATION_FAILED", "A definition must be a JSON object", "/")]
    if _deeper(document, DEEPEST):
        return [_diagnostic("SCHEMA_VALIDATION_FAILED", f"The local AWS reads at most {DEEPEST} levels of JSON", "/")]
    not_run = [_schema(NOT_RUN.format(what), place) for what, place in _not_run(document, "")]
    if not_run:
        return not_run
    try:
        read(definition)
    except asl_parser.ASLParserException as error:
        return [_schema("; ".join(error.errors), "/")]
    except Exception as error:
        # Moto's interpreter raises errors of any class.
        return [_schema(str(error) or type(error).__name__, "/")]
    return [*_dangling(document, ""), *_templates(document, "")]


def _deeper(value: Any, levels: int) -> bool:
    """Return whether a value has more than so many levels."""
    here = [value]
    for _ in range(levels):
        inner = [list(each.values()) if isinstance(each, dict) else each for each in here]
        here = [each for values in inner for each in values if isinstance(each, (dict, list))]
        if not here:
            return False
    return True


def _blocks(block: Any, place: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield a block of states and the blocks inside it; anything else is left to the parser."""
    if not isinstance(block, dict):
        return
    yield block, place
    for name, state in _states(block):
        for key in ("ItemProcessor", "Iterator"):
            yield from _blocks(state.get(key), f"{place}/States/{name}/{key}")
        branches = state.get("Branches")
        for index, branch in enumerate(branches if isinstance(branches, list) else []):
            yield from _blocks(branch, f"{place}/States/{name}/Branches[{index}]")


def _states(block: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    states = block.get("States")
    items = states.items() if isinstance(states, dict) else ()
    return [(name, state) for name, state in items if isinstance(state, dict)]


def _rules(state: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return choices and catchers, each with its place in the state."""
    lists = [(key, state.get(key)) for key in ("Choices", "Catch")]
    return [
        (f"{key}[{index}]", rule)
        for key, rules in lists
        for index, rule in enumerate(rules if isinstance(rules, list) else [])
        if isinstance(rule, dict)
    ]


def _not_run(document: dict[str, Any], location: str) -> Iterator[tuple[str, str]]:
    for block, place in _blocks(document, location):
        if block.get("QueryLanguage") == "JSONata":
            yield "JSONata", place or "/"
        for name, state in _states(block):
            at = f"{place}/States/{name}"
            if state.get("QueryLanguage") == "JSONata":
                yield "JSONata", at
            if "Assign" in state:
                yield "`Assign`", at
            yield from (("`Assign`", f"{at}/{rule_at}") for rule_at, rule in _rules(state) if "Assign" in rule)


def _dangling(document: dict[str, Any], location: str) -> Iterator[Diagnostic]:
    for block, place in _blocks(document, location):
        states = dict(_states(block))
        for name, at in _transitions(block, place):
            if name is None:
                yield _diagnostic("MISSING_TRANSITION_TARGET", "Missing 'Next' or 'End'", at)
            elif name not in states:
                yield _diagnostic("MISSING_TRANSITION_TARGET", f"Missing 'Next' target: {name}", at)


def _transitions(block: dict[str, Any], place: str) -> Iterator[tuple[str | None, str]]:
    """Yield the target and the place of each transition of a block; the target is `None` if it is missing."""
    if "StartAt" in block:
        yield block["StartAt"], f"{place}/StartAt"
    for name, state in _states(block):
        at = f"{place}/States/{name}"
        yield from ((state[key], f"{at}/{key}") for key in ("Next", "Default") if key in state)
        if state.get("Type") in LEADS_ON and "Next" not in state and not state.get("End"):
            yield None, at
        yield from ((rule.get("Next"), f"{at}/{rule_at}/Next") for rule_at, rule in _rules(state))


def _templates(document: dict[str, Any], location: str) -> Iterator[Diagnostic]:
    for block, place in _blocks(document, location):
        for name, state in _states(block):
            for key in TEMPLATES:
                for field in _no_expressions(state.get(key)):
                    what = (
                        f"The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
                    )
                    yield _schema(what, f"{place}/States/{name}/{key}")


def _no_expressions(value: Any) -> Iterator[str]:
    """Yield fields of a template that end in `.$` and whose values are neither paths nor functions."""
    if isinstance(value, list):
        for each in value:
            yield from _no_expressions(each)
    if isinstance(value, dict):
        for name, inner in value.items():
            if not name.endswith(".$"):
                yield from _no_expressions(inner)
            elif not isinstance(inner, str) or not EXPRESSION.fullmatch(inner):
                yield name


def _schema(message: str, location: str) -> Diagnostic:
    return _diagnostic("SCHEMA_VALIDATION_FAILED", message, location)


def _diagnostic(code: str, message: str, location: str) -> Diagnostic:
    return {"severity": "ERROR", "code": code, "message": message, "location": location}
