"""Turn an execution history into the pipeline's nine steps. Pure.

The module that defines the state machine also lists the states of each step, its first state first. After an error the
execution leaves through states of a later step (the notification, the Fail state): a step in which a failed execution
ended without having entered its first state never began.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orchestrator.core.types import Fidelity, Json, weakest
from orchestrator.pipeline.model import AWAITING_APPROVAL, StepResult

COMPUTE = frozenset(
    {"lambda", "glue-crawler", "glue-job", "data-quality", "training", "processing", "endpoint", "bedrock"}
)
"""Kinds of evidence of real work; the others record calls of the control plane."""
_DETAIL_LENGTH = 500
_GREEN = ("SUCCEEDED", AWAITING_APPROVAL, "RUNNING")


@dataclass
class Visit:
    """A stay of the execution in a state."""

    state: str
    entered: datetime
    left: datetime | None = None
    outputs: list[Any] = field(default_factory=list)
    error: str = ""
    submitted: bool = False
    """Whether its task has made its call and waits for the outcome."""


def visits(events: Sequence[Mapping[str, Any]]) -> list[Visit]:
    """List all stays in order. The pipeline has no parallel branches, so one state is current at a time."""
    stays: list[Visit] = []
    for event in events:
        kind = str(event["type"])
        if kind.endswith("StateEntered"):
            stays.append(Visit(event["stateEnteredEventDetails"]["name"], event["timestamp"]))
            continue
        if not stays:
            continue
        current = stays[-1]
        if kind.endswith("StateExited"):
            current.left = event["timestamp"]
            _keep_output(current, event["stateExitedEventDetails"])
        elif kind == "TaskSubmitted":
            current.submitted = True
        elif kind.endswith(("Failed", "TimedOut", "Aborted")):
            current.error = _error(event) or current.error
        elif kind.endswith("Succeeded"):
            current.error = ""
            _keep_output(current, _details(event))
    return stays


def step_results(
    steps: Sequence[Mapping[str, Any]],
    stays: Sequence[Visit],
    *,
    status: str,
    ended: datetime,
    evidence: Iterable[Json] | None,
) -> tuple[StepResult, ...]:
    """Return the steps with status, time and fidelity.

    Args:
        steps: `[{name, states}]` in order.
        stays: from `visits`.
        status: the execution's status, as in `PipelineResult`.
        ended: the end of a state that was never left.
        evidence: the emulator's records of this execution; `None` on AWS, where every step that ran was executed.
    """
    records = None if evidence is None else list(evidence)
    begun = _begun(steps, stays, status)
    results = []
    for step in steps:
        name = str(step["name"])
        if name not in begun:
            results.append(StepResult(name, "not-run", "not-run", 0.0))
            continue
        own = [stay for stay in stays if stay.state in step["states"]]
        seconds = sum(((stay.left or ended) - stay.entered).total_seconds() for stay in own)
        failed = status not in _GREEN and name == begun[-1]
        # The reason may be in a later state (a notification that failed, the Fail state with its cause).
        reasons = [stay.error for stay in ([*own, *stays] if failed else ()) if stay.error]
        results.append(_judge(name, failed, seconds, reasons, _of_states(records, step["states"])))
    return tuple(results)


def _begun(steps: Sequence[Mapping[str, Any]], stays: Sequence[Visit], status: str) -> list[str]:
    entered = {stay.state for stay in stays}
    begun = [step for step in steps if entered & set(step["states"])]
    if status not in _GREEN and stays:
        last = stays[-1].state
        begun = [step for step in begun if last not in step["states"] or step["states"][0] in entered]
    return [str(step["name"]) for step in begun]


def find_object(stays: Iterable[Visit], states: Iterable[str], key: str) -> Json | None:
    """Return the first object with this key in the outputs of these states, at any depth."""
    return next((value for value in _values(stays, states) if isinstance(value, dict) and key in value), None)


def find_text(stays: Iterable[Visit], states: Iterable[str], part: str) -> str | None:
    """Return the first text that contains `part` in the outputs of these states."""
    return next((value for value in _values(stays, states) if isinstance(value, str) and part in value), None)


def _values(stays: Iterable[Visit], states: Iterable[str]) -> Iterator[Any]:
    selected = set(states)
    for stay in stays:
        if stay.state in selected:
            for output in stay.outputs:
                yield from _walk(output)


def _walk(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _walk(each)


def _judge(name: str, failed: bool, seconds: float, reasons: Sequence[str], records: list[Json] | None) -> StepResult:
    detail = reasons[0][:_DETAIL_LENGTH] if reasons else ""
    if records is None:
        return StepResult(name, "failed" if failed else "ok", "executed", seconds, detail)
    work = [record for record in records if record["kind"] in COMPUTE]
    lasting = [record for record in work if record["status"] != "failed"]
    if work and not lasting and not failed:
        # The state machine reports success, but all evidence of the work reports failures.
        failed, detail = True, f"no work of this step succeeded: {_reason(work[-1])}"[:_DETAIL_LENGTH]
    counted = work if failed else lasting
    fidelity: Fidelity = weakest(*(record["fidelity"] for record in counted)) if counted else "emulated"
    return StepResult(name, "failed" if failed else "ok", fidelity, seconds, detail)


def _of_states(records: list[Json] | None, states: Iterable[str]) -> list[Json] | None:
    selected = set(states)
    return None if records is None else [record for record in records if record.get("state") in selected]


def _reason(record: Json) -> str:
    detail = record.get("detail")
    reason = detail.get("reason", "") if isinstance(detail, dict) else str(detail or "")
    return f"{record['kind']} {record.get('resource', '')} {reason}".strip()


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the member of an event that is named `…EventDetails`."""
    return next((value for name, value in event.items() if name.endswith("EventDetails") and value), {})


def _error(event: Mapping[str, Any]) -> str:
    details = _details(event)
    return ": ".join(str(details[name]) for name in ("error", "cause") if details.get(name))


def _keep_output(stay: Visit, details: Mapping[str, Any]) -> None:
    try:
        stay.outputs.append(json.loads(details.get("output") or "null"))
    except ValueError:
        # The history truncates outputs above 256 KiB, which then cannot be parsed.
        return
