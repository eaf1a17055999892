"""Proofs as values: they hold for equal inputs and state, and for nothing else."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.state import State
from orchestrator.planning import proof
from orchestrator.planning.proof import Proof

STATE = State(serial=4, lineage="l", outputs={}, resources=("aws_s3_bucket.data",))
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
INPUTS = st.dictionaries(NAMES, st.binary(max_size=20), min_size=1, max_size=6)


def proven(inputs: dict[str, str]) -> Proof:
    return Proof(stack="data", lineage="l", serial=4, inputs=inputs)


def hashes(contents: dict[str, bytes]) -> dict[str, str]:
    return {name: proof.digest(content) for name, content in contents.items()}


@given(INPUTS)
def test_a_proof_holds_for_equal_inputs_and_state(contents: dict[str, bytes]) -> None:
    verdict = proof.judge(proven(hashes(contents)), hashes(contents), STATE)
    assert verdict.holds
    assert verdict.why[0].startswith("nothing changed")


@given(INPUTS, st.data())
def test_any_changed_byte_of_any_input_is_detected_and_named(contents: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(contents)))
    content = contents[name]
    at = data.draw(st.integers(0, len(content)))
    changed = content[:at] + bytes([(content[at] + data.draw(st.integers(1, 255))) % 256 if at < len(content) else 7])
    changed += content[at + 1 :]
    verdict = proof.judge(proven(hashes(contents)), hashes({**contents, name: changed}), STATE)
    assert not verdict.holds
    assert verdict.why == (f"{name} changed",)


@given(INPUTS, NAMES)
def test_an_added_or_removed_input_is_detected(contents: dict[str, bytes], name: str) -> None:
    with_it = hashes({**contents, name: b"x"})
    without = {key: value for key, value in with_it.items() if key != name}
    if without:
        assert proof.judge(proven(without), with_it, STATE).why == (f"{name} is new",)
        assert proof.judge(proven(with_it), without, STATE).why == (f"{name} is gone",)


@given(st.dictionaries(NAMES, st.recursive(st.integers() | st.text(max_size=5), st.lists), min_size=1), st.data())
def test_every_value_counts(values: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(values)))
    other = {**values, name: [values[name], "more"]}
    before, after = proof.value_digests(values, "/repo"), proof.value_digests(other, "/repo")
    assert {key for key in before if before[key] != after[key]} == {f"value `{name}`"}


def test_the_path_of_the_checkout_does_not_count_as_input() -> None:
    here = proof.value_digests({"packages": {"a": {"path": "/here/repo/build/packages/a-12.zip"}}}, "/here/repo")
    there = proof.value_digests({"packages": {"a": {"path": "/there/build/packages/a-12.zip"}}}, "/there")
    other = proof.value_digests({"packages": {"a": {"path": "/there/build/packages/a-13.zip"}}}, "/there")
    assert here == there != other


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (None, "nothing is deployed"),
        (State(4, "l", {}, ()), "nothing is deployed"),
        (State(5, "l", {}, STATE.resources), "the state has serial 5, after the last success it was 4"),
        (State(3, "l", {}, STATE.resources), "the state has serial 3, after the last success it was 4"),
        (State(4, "other", {}, STATE.resources), "the state is another one (lineage)"),
    ],
)
def test_a_proof_does_not_hold_for_another_state(state: State | None, why: str) -> None:
    verdict = proof.judge(proven({"a": "1"}), {"a": "1"}, state)
    assert (verdict.holds, verdict.why) == (False, (why,))


def test_a_long_list_of_changes_is_truncated() -> None:
    before = {f"file {number}": "1" for number in range(9)}
    why = proof.judge(proven(before), dict.fromkeys(before, "2"), STATE).why
    assert (len(why), why[-1]) == (7, "and 3 more")


GOOD = Proof(stack="data", lineage="l", serial=4, inputs={"a": "1"}).to_json()


def test_a_stored_proof_can_be_read() -> None:
    assert proof.read(GOOD, "data") == Proof(stack="data", lineage="l", serial=4, inputs={"a": "1"})


def test_the_proof_of_another_stack_is_ignored() -> None:
    assert proof.read(GOOD, "models") is None


@pytest.mark.parametrize("key", sorted(GOOD))
@pytest.mark.parametrize("value", [None, "", "x", -1, 1.5, True, [], {}, {"a": 1}, ...])
def test_a_damaged_proof_is_ignored_or_does_not_hold(key: str, value: Any) -> None:
    document = copy.deepcopy(GOOD)
    if value is ...:
        del document[key]
    else:
        document[key] = value
    read = proof.read(document, "data")
    if key == "schema" and value in (..., True):
        return  # the one field with a default; and true is 1 in Python
    assert read is None or not proof.judge(read, {"a": "1"}, STATE).holds


@pytest.mark.parametrize("document", [None, [], "text", 5, {}])
def test_an_invalid_document_is_ignored(document: object) -> None:
    assert proof.read(document, "data") is None
