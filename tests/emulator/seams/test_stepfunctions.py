"""Definitions are read once; what runs is made anew."""

from __future__ import annotations

import importlib
import json

import pytest

from tests import lazy

asl_parser = lazy.Module("moto.stepfunctions.parser.asl.parse.asl_parser")
stepfunctions = lazy.Module("emulator.seams.stepfunctions")
stepfunctions_exec = lazy.Module("emulator.seams.stepfunctions_exec")
stepfunctions_values = lazy.Module("emulator.seams.stepfunctions_values")

GOOD = json.dumps({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}})


@pytest.fixture
def parser(monkeypatch: pytest.MonkeyPatch) -> type[asl_parser.AmazonStateLanguageParser]:
    monkeypatch.setattr(asl_parser.AmazonStateLanguageParser, "parse", asl_parser.AmazonStateLanguageParser.parse)
    stepfunctions._parsing()
    stepfunctions._tree.cache_clear()
    return asl_parser.AmazonStateLanguageParser


def test_two_executions_share_the_tree_and_nothing_else(parser: type[asl_parser.AmazonStateLanguageParser]) -> None:
    (first, first_tree), (second, second_tree) = parser.parse(GOOD), parser.parse(GOOD)
    assert first_tree is second_tree
    assert first is not second
    assert stepfunctions._tree.cache_info().misses == 1


def test_a_mistake_is_told_each_time(parser: type[asl_parser.AmazonStateLanguageParser]) -> None:
    for _ in range(2):
        with pytest.raises(asl_parser.ASLParserException):
            parser.parse('{"StartAt": 5')


def test_operations_go_by_botocores_names() -> None:
    assert stepfunctions_values._operation("sagemaker", "create_training_job").name == "CreateTrainingJob"
    assert stepfunctions_values._operation("sagemaker", "no_such_call") is None
    assert stepfunctions_values._operation("no-such-service", "create") is None


@pytest.mark.parametrize(("scale", "slept"), [(1.0, 66.0), (0.02, 1.32), (0.0001, 0.1)])
def test_delays_of_retries_pass_as_fast_as_the_scale_says(
    monkeypatch: pytest.MonkeyPatch, scale: float, slept: float
) -> None:
    retrier, waits = importlib.import_module(stepfunctions_exec._RETRIER), []
    monkeypatch.setattr(retrier, "time", stepfunctions_exec.time)
    stepfunctions_exec._retries(scale)
    monkeypatch.setattr(stepfunctions_exec.time, "sleep", waits.append)
    retrier.time.sleep(66.0)
    assert waits == [pytest.approx(slept)]
