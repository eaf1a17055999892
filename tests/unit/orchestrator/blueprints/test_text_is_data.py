"""What people write into an environment file is text to Terraform, whatever it looks like."""

from __future__ import annotations

import ast
import functools
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.blueprints import MATRIX
from orchestrator.blueprints.stack import Module
from orchestrator.config.model.platform import Blueprint
from orchestrator.core.terraform_json import Expression, code, quoted, rendered
from tests.unit.orchestrator.blueprints.stacks import CHAT, REPO, written
from tests.unit.orchestrator.blueprints.templates import read, read_all, strings
from tests.unit.orchestrator.config.texts import Filler

PIECES = st.sampled_from(["$", "%", "{", "}", "${", "%{", "$${", "%%{", "~", '"', "\\", "\n", "<value 0>", "\u2028"])
TEXTS = st.lists(PIECES | st.characters(codec="utf-8"), max_size=8).map("".join)
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
CELLS = pytest.mark.parametrize(("kind", "source"), sorted(MATRIX))
NOT_FOR_TERRAFORM: set[str] = set()


@given(VALUES)
def test_any_value_is_read_as_it_was_given(value: Any) -> None:
    assert read_all(rendered(value)) == value


@functools.cache
def filled(kind: str, source: str) -> tuple[dict[str, str], Any]:
    """The texts of a blueprint with one in every field that takes any, and the root that is written for it."""
    # All options at once, which the rules across fields would not let pass: here it is about where texts go.
    filler = Filler(Blueprint, {".kind": kind, ".model.source": source, ".name": "full"})
    with tempfile.TemporaryDirectory() as folder:
        return filler.texts, written(Path(folder), Blueprint.model_validate(filler.document))


def arrived(kind: str, source: str) -> set[str]:
    texts, document = filled(kind, source)
    literal = {read(each) for each in strings(document)}
    damaged = [path for path, text in texts.items() if text not in literal and any(path in each for each in literal)]
    assert not damaged
    return {path for path, text in texts.items() if text in literal}


@CELLS
def test_a_text_in_any_field_of_a_blueprint_is_written_as_text(kind: str, source: str) -> None:
    assert {".parameters.key", ".parameters.*"} <= arrived(kind, source)


def test_every_text_for_terraform_is_checked() -> None:
    texts = {path for cell in MATRIX for path in filled(*cell)[0]}
    assert texts - set().union(*(arrived(*cell) for cell in MATRIX)) == NOT_FOR_TERRAFORM


@pytest.mark.parametrize(
    "parameters",
    [
        {"system": "<value 0>"},
        {"system": "${TfToken[TOKEN.0]}", "stop": "-1.8881545897087968e+289"},
        {"$jsii.byref": "a", "__proto__": "b", "//": "c"},
    ],
    ids=["our own mark", "tokens of cdktf", "marks of jsii and of JavaScript"],
)
def test_what_means_something_to_the_tools_between_is_text_too(tmp_path: Path, parameters: dict[str, str]) -> None:
    blueprint = CHAT.model_copy(update={"parameters": parameters})
    assert read_all(written(tmp_path, blueprint)["module"]["model"]["blueprint"]["parameters"]) == parameters


def test_an_expression_holds_texts_as_quoted_strings() -> None:
    made = code("merge({}, { a = {} })", 'x"${y}{}', "%{z}\\b\b\n")
    assert made == Expression('merge("x\\"$${y}{}", { a = "%%{z}\\\\b\\u0008\\u000a" })')
    assert rendered([made, Module("model").get("id")]) == [f"${{{made.text}}}", "${module.model.id}"]
    assert quoted("é") == '"é"'


def test_an_expression_has_as_many_places_as_texts() -> None:
    with pytest.raises(ValueError, match="1 places for 0 values"):
        code("var.packages[{}]")


@pytest.mark.parametrize("value", [object(), {1: "a"}, {"a"}, b"a"])
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="Terraform's JSON"):
        rendered(value)


@functools.cache
def sources() -> dict[str, ast.Module]:
    """What the orchestrator's files say that have to do with Terraform's JSON, by their path."""
    texts = {path: path.read_text(encoding="utf-8") for path in (REPO / "orchestrator").rglob("*.py")}
    return {
        path.relative_to(REPO / "orchestrator").as_posix(): ast.parse(text)
        for path, text in texts.items()
        if "cdktf" in text or "terraform_json" in text or path.name == "terraform_json.py"
    }


def calls(name: str) -> list[tuple[str, ast.Call]]:
    nodes = [(path, node) for path, tree in sources().items() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [(path, node) for path, node in nodes if isinstance(node.func, ast.Name) and node.func.id == name]


def test_code_is_written_out_in_the_source() -> None:
    """A template that is put together may hold what a person wrote."""
    made = calls("code")
    assert len(made) > 50
    literal = [call for _, call in made if isinstance(call.args[0], ast.Constant) and type(call.args[0].value) is str]
    assert [f"{path}:{call.lineno}" for path, call in made if call not in literal] == []
    assert {path for path, _ in calls("Expression")} == {"core/terraform_json.py", "blueprints/stack.py"}


def test_nothing_goes_past_the_one_place_to_cdktf() -> None:
    """Stacks pass cdktf only fixed names and placeholders; kinds do not import it."""
    names = {
        path: {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        for path, tree in sources().items()
    }
    users = {path for path, imported in names.items() if any(name.partition(".")[0] == "cdktf" for name in imported)}
    assert users == {"blueprints/stack.py", "blueprints/synthesis.py"}
