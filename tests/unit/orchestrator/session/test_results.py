"""What a run gathers from several threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from orchestrator.runs.result import StackResult
from orchestrator.session.results import Results


def test_nothing_that_parallel_steps_add_is_lost() -> None:
    results = Results()

    def step(number: int) -> None:
        results.publish(f"stack-{number}", {"number": number})
        results.warn(f"warning {number}")
        results.wait_for_model(f"group-{number % 3}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(step, range(500)))
    assert results.outputs == {f"stack-{number}": {"number": number} for number in range(500)}
    assert sorted(results.warnings) == sorted(f"warning {number}" for number in range(500))
    assert sorted(results.waiting) == ["group-0", "group-1", "group-2"]


def test_what_was_read_does_not_change_afterwards() -> None:
    results = Results()
    results.publish("foundation", {"kms": {}})
    outputs, warnings = results.outputs, results.warnings
    results.publish("data", {})
    results.warn("something")
    assert (list(outputs), warnings) == (["foundation"], ())
    assert (list(results.outputs), results.warnings) == (["foundation", "data"], ("something",))


def test_the_explanation_of_a_stack_becomes_part_of_its_result() -> None:
    results = Results()
    results.explain("data", ["file a.tf changed"])
    results.add_stack(StackResult(name="data", phase="data", action="changed"))
    results.add_stack(StackResult(name="models", phase="models", action="unchanged"))
    assert results.stacks["data"].why == ["file a.tf changed"]
    assert results.stacks["models"].why == []
