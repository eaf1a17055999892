"""Write the result of a run whose process died before it could."""

from __future__ import annotations

import json
from collections.abc import Sequence

from orchestrator.core.types import Json
from orchestrator.recovery.locks import moment
from orchestrator.recovery.unfinished import Unfinished
from orchestrator.runs.result import Action, ErrorResult, Result, StackResult
from orchestrator.runs.run_folder import RunFolder, now, timestamp

EXIT_KILLED = 137
"""A shell's exit code for a killed process."""
EXIT_INTERRUPTED = 130
_STACK_STEPS = ("DeployStack", "PlanStack", "DestroyStack")


def close(run: Unfinished) -> Result:
    """Write a run's `result.json`, which marks it as finished."""
    begun = run.begun or now()
    stacks = [_stack(step, run.events) for step in _steps(run)]
    stopped = _stopped(run.events)
    process = f"its process {run.process.pid}" if run.process else "its process"
    interrupted = any(event.get("status") == "cancelled" for event in run.events)
    result = Result(
        schema_version=1,
        run_id=run.run_id,
        env=run.environment,
        command=run.command,
        status="cancelled" if interrupted else "failed",
        started_at=timestamp(begun),
        seconds=_seconds(run),
        exit_code=EXIT_INTERRUPTED if interrupted else EXIT_KILLED,
        error=ErrorResult(
            type="Unfinished",
            message=f"{process} died" + (f", and left unfinished: {', '.join(stopped)}" if stopped else ""),
            hint="a later command has cleaned up after it",
            step=stopped[0] if stopped else None,
        ),
        stacks=stacks,
    )
    RunFolder(run.folder, begun).write_result(result)
    return result


def _steps(run: Unfinished) -> list[Json]:
    """Read the plan's steps that are about stacks; a run that died early has no plan."""
    try:
        plan = json.loads((run.folder / "plan.json").read_text(encoding="utf-8"))
        return [step for step in plan["steps"] if step["kind"] in _STACK_STEPS]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _stack(step: Json, events: Sequence[Json]) -> StackResult:
    stack: Json = step["stack"]
    own = [event for event in events if event.get("step") == stack["name"]]
    ends = [event for event in own if event.get("kind") == "step" and event.get("status") != "started"]
    applied = any(event.get("kind") == "stage" and str(event.get("message")).startswith("apply (") for event in own)
    action: Action = "skipped"
    reason = "not started"
    if ends and ends[-1]["status"] == "ok":
        action = "destroyed" if step["kind"] == "DestroyStack" else "changed" if applied else "unchanged"
        reason = "according to the run's events"
    elif ends:
        action, reason = "failed", str(ends[-1].get("message") or "")
    elif own:
        action, reason = "failed", "the run was killed during the step"
    return StackResult(name=str(stack["name"]), phase=str(stack["phase"]), action=action, reason=reason)


def _stopped(events: Sequence[Json]) -> list[str]:
    """List the steps that started and did not succeed."""
    ends: dict[str, str] = {}
    for event in events:
        if event.get("kind") == "step":
            ends[str(event["step"])] = str(event.get("status"))
    return [step for step, status in ends.items() if status != "ok"]


def _seconds(run: Unfinished) -> float:
    """Return the seconds until the run's last event."""
    last = moment(str(run.events[-1].get("at", ""))) if run.events else None
    return round((last - run.begun).total_seconds(), 2) if last and run.begun and last > run.begun else 0.0
