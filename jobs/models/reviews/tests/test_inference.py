"""The serving contract: what is accepted, what is refused and how."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture(scope="module")
def inference() -> Any:
    spec = importlib.util.spec_from_file_location("inference", Path(__file__).parents[1] / "inference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
@pytest.mark.parametrize("body", ['{"inputs": ["a", "b"]}', b'{"inputs": ["a", "b"], "parameters": {}}'])
def test_a_request_is_its_texts(inference: Any, body: Any, content_type: str) -> None:
    assert inference.input_fn(body, content_type) == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{", "body is not JSON"),
        (b"\xff", "body is not JSON"),
        ("[]", "'inputs' must be a list of 1 to 100 strings"),
        ('{"inputs": "a"}', "'inputs' must be a list of 1 to 100 strings"),
        (json.dumps({"inputs": ["a"] * 101}), "'inputs' must be a list of 1 to 100 strings"),
        ('{"inputs": ["a", 1]}', r"'inputs\[1\]' must be a string of 1 to 20000 characters"),
        ('{"inputs": [""]}', r"'inputs\[0\]' must be a string of 1 to 20000 characters"),
    ],
)
def test_a_bad_request_is_a_sentence(inference: Any, body: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        inference.input_fn(body, "application/json")


def test_another_content_type_is_refused(inference: Any) -> None:
    with pytest.raises(ValueError, match="must be application/json or application/jsonlines, got 'text/csv'"):
        inference.input_fn("a,b", "text/csv")


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "text/html, application/json;q=0.9"])
def test_the_answer_is_json(inference: Any, accept: str) -> None:
    assert inference.output_fn({"outputs": []}, accept) == ('{"outputs": []}', "application/json")


def test_another_accepted_type_is_refused(inference: Any) -> None:
    with pytest.raises(ValueError, match=r"only application/json can be returned \(requested: 'text/csv'\)"):
        inference.output_fn({}, "text/csv")


def test_a_model_whose_files_were_replaced_is_not_loaded(
    inference: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "joblib", SimpleNamespace(load=lambda path: path.read_bytes()))
    (tmp_path / "metadata.json").write_text(json.dumps(dict.fromkeys(inference.IDENTITY, "x")))
    (tmp_path / "model.joblib").write_bytes(b"weights")
    registered = inference.files_digest(tmp_path)
    monkeypatch.setenv("MODEL_FILES_SHA256", registered)
    assert inference.model_fn(str(tmp_path))["pipeline"] == b"weights"
    (tmp_path / "model.joblib").write_bytes(b"other weights")
    with pytest.raises(ValueError, match="they are not loaded") as refusal:
        inference.model_fn(str(tmp_path))
    assert registered in str(refusal.value)
    assert inference.files_digest(tmp_path) in str(refusal.value)


def test_an_added_or_renamed_file_is_noticed_too(inference: Any, tmp_path: Path) -> None:
    (tmp_path / "model.joblib").write_bytes(b"weights")
    registered = inference.files_digest(tmp_path)
    inference.check_files(tmp_path, registered)
    (tmp_path / "more.py").write_bytes(b"")
    with pytest.raises(ValueError, match="they are not loaded"):
        inference.check_files(tmp_path, registered)
    (tmp_path / "more.py").unlink()
    (tmp_path / "model.joblib").rename(tmp_path / "model.pkl")
    with pytest.raises(ValueError, match="they are not loaded"):
        inference.check_files(tmp_path, registered)


class Stub:
    """Classify by the first letter, and record the inputs."""

    classes_ = ("negative", "positive")

    def predict_proba(self, texts: list[str]) -> Any:
        import numpy as np

        return np.array([[0.1, 0.9] if text.startswith("good") else [0.8, 0.2] for text in texts])


def test_lines_come_back_one_by_one_and_a_bad_one_affects_no_other(inference: Any) -> None:
    body = b'{"input": "good"}\n"bad\\u2028one"\n{"input": 7}\nnonsense\n{"input": "good too", "record": 4}\n'
    lines = inference.input_fn(body, "application/jsonlines")
    answer, kind = inference.output_fn(inference.predict_fn(lines, {"pipeline": Stub()}), "application/jsonlines")
    outputs = [json.loads(line) for line in answer.splitlines()]
    assert kind == "application/jsonlines"
    assert [output.get("label") for output in outputs] == ["positive", "negative", None, None, "positive"]
    assert [output.get("error", {}).get("type") for output in outputs] == [None, None, "BadRecord", "BadRecord", None]


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"input": ' * 50_000])
def test_a_deep_line_affects_no_other_and_a_deep_body_is_the_callers_fault(inference: Any, deep: str) -> None:
    lines = inference.input_fn(f'"good"\n{deep}\n"good"\n', "application/jsonlines")
    answered = inference.predict_fn(lines, {"pipeline": Stub()})
    assert [output.get("label") for output in answered] == ["positive", None, "positive"]
    assert answered[1]["error"]["message"] == "nested too deeply"
    with pytest.raises(ValueError, match="body is not JSON: nested too deeply"):
        inference.input_fn(deep, "application/json")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"input": "  "}', "'input' must not be blank"),
        ('{"input": "a", "temperature": NaN}', "NaN is not JSON"),
        ('{"input": "a", "temperature": -1e999}', "a number is too large to be kept"),
        ('{"input": "nice \\ud83d lamp"}', r"'input' holds U\+0000 or half of a surrogate pair"),
        ('{"input": "a\\u0000"}', r"'input' holds U\+0000 or half of a surrogate pair"),
    ],
)
def test_a_line_is_held_to_the_rules_of_the_api(inference: Any, line: str, message: str) -> None:
    lines = inference.input_fn(f'\ufeff"good"\n{line}\n"good"\n'.encode(), "application/jsonlines")
    answered = inference.predict_fn(lines, {"pipeline": Stub()})
    assert [output.get("label") for output in answered] == ["positive", None, "positive"]
    assert re.fullmatch(message, answered[1]["error"]["message"])


def test_more_lines_than_a_request_may_have_inputs(inference: Any) -> None:
    lines = inference.input_fn("\n".join(['"good"'] * 250), "application/jsonlines")
    assert len(inference.predict_fn(lines, {"pipeline": Stub()})) == 250


def test_no_line_at_all_and_only_bad_ones(inference: Any) -> None:
    with pytest.raises(ValueError, match="body has no lines"):
        inference.input_fn("\n", "application/jsonlines")
    answered = inference.predict_fn(inference.input_fn("[]\n", "application/jsonlines"), {"pipeline": Stub()})
    assert answered[0]["error"]["message"] == "'input' must be a string of 1 to 20000 characters"


@pytest.mark.parametrize("kind", ["application/json", "application/jsonlines"])
def test_a_score_that_is_not_a_number_is_an_error(inference: Any, kind: str) -> None:
    output = {"label": "positive", "score": float("nan")}
    with pytest.raises(ValueError, match="JSON"):
        inference.output_fn([output] if kind.endswith("lines") else {"outputs": [output]}, kind)
