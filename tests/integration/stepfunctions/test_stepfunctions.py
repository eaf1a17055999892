"""Definitions are parsed once, and their programs are built for each use."""

from __future__ import annotations

import importlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.parse import asl_parser

from emulator.moto import patching
from emulator.services.stepfunctions import moto_definitions as definitions
from emulator.services.stepfunctions import moto_execution as stepfunctions_exec
from emulator.services.stepfunctions import moto_values as stepfunctions_values
from tests.support.compute import wait_for

GOOD = json.dumps({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}})


BAD = json.dumps({"QueryLanguage": "JSONata", **json.loads(GOOD)}).replace('"End"', '"Parameters": {}, "End"')


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The patch, in force for one test."""
    from moto.stepfunctions.parser.asl.component.common.string import string_expression
    from moto.stepfunctions.parser.asl.parse.intrinsic.intrinsic_parser import IntrinsicParser
    from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    for owner, name in (
        (asl_parser.AmazonStateLanguageParser, "parse"),
        (IntrinsicParser, "parse"),
        (StepFunctionsParserBackend, "_validate_definition"),
        (string_expression.StringJsonPath, "__init__"),
        (string_expression.StringVariableSample, "__init__"),
    ):
        monkeypatch.setattr(owner, name, vars(owner)[name])
    monkeypatch.setattr(Preprocessor, "_query_language_per_scope", [])
    monkeypatch.setattr(Preprocessor, "__init__", None)
    del Preprocessor.__init__
    definitions.install()
    patching.install()
    definitions._tree.cache_clear()
    return definitions


def test_two_executions_share_the_tree_and_nothing_else(reading: Any) -> None:
    parse = asl_parser.AmazonStateLanguageParser.parse
    (first, first_tree), (second, second_tree) = parse(GOOD), parse(GOOD)
    assert first_tree is second_tree
    assert first is not second
    assert reading._tree.cache_info().misses == 1


def test_a_mistake_is_reported_each_time(reading: Any) -> None:
    for _ in range(2):
        with pytest.raises(asl_parser.ASLParserException):
            asl_parser.AmazonStateLanguageParser.parse('{"StartAt": 5')


def test_a_failed_parse_does_not_affect_others(reading: Any) -> None:
    with pytest.raises(ValueError, match="Unsupported declaration in QueryLanguage"):
        reading.read(BAD)
    program, _ = reading.read(GOOD.replace('"End"', '"Parameters": {"a.$": "$.b"}, "End"'))
    assert program.query_language.query_language_mode.name == "JSONPath"


def test_many_threads_read_at_once(reading: Any) -> None:
    texts = [BAD if number % 3 == 0 else GOOD.replace("Only", f"Only{number}") for number in range(60)]
    reading._tree.cache_clear()
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(_outcome, [reading] * len(texts), texts))
    assert outcomes == ["refused" if text is BAD else text[text.index("Only") :].partition('"')[0] for text in texts]


def _outcome(reading: Any, text: str) -> str:
    try:
        return str(reading.read(text)[0].start_at.start_at_name)
    except ValueError:
        return "refused"


def test_an_execution_whose_thread_fails_has_failed(monkeypatch: pytest.MonkeyPatch, reading: Any) -> None:
    from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    for name in ("_get_evaluation_environment", "start", "_execution_logic"):
        monkeypatch.setattr(ExecutionWorker, name, vars(ExecutionWorker)[name])
    stepfunctions_exec._workers()
    patching.install()
    backend = StepFunctionsParserBackend("us-east-1", "123456789012")

    def gone(self: ExecutionWorker) -> Any:
        raise KeyError("gone")

    machine = backend.create_state_machine("m", GOOD, "arn:aws:iam::123456789012:role/x")
    monkeypatch.setattr(ExecutionWorker, "_get_evaluation_entrypoint", gone)
    execution = backend.start_execution(machine.arn, "e")
    assert backend.get_execution_history(execution.exec_arn)["events"] == []
    ended = wait_for(lambda: execution, until=lambda each: each.exec_status != "RUNNING")
    assert (ended.exec_status, ended.error, ended.cause) == ("FAILED", "States.Runtime", "KeyError: 'gone'")


def test_operations_have_botocores_names() -> None:
    assert stepfunctions_values._operation("sagemaker", "create_training_job").name == "CreateTrainingJob"
    assert stepfunctions_values._operation("sagemaker", "no_such_call") is None
    assert stepfunctions_values._operation("no-such-service", "create") is None


@pytest.mark.parametrize(("scale", "slept"), [(1.0, 66.0), (0.02, 1.32), (0.0001, 0.1)])
def test_delays_of_retries_pass_as_fast_as_the_scale_says(
    monkeypatch: pytest.MonkeyPatch, scale: float, slept: float
) -> None:
    waits: list[float] = []
    retrier = importlib.import_module(stepfunctions_exec._RETRIER)
    monkeypatch.setattr(retrier, "time", time)
    stepfunctions_exec._retries(scale)
    monkeypatch.setattr(time, "sleep", waits.append)
    retrier.time.sleep(66.0)
    assert waits == [pytest.approx(slept)]
