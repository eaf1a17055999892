"""Summarise a finished run: tables of stacks, pipeline and smoke tests, the report's path, next steps."""

from __future__ import annotations

from pathlib import Path

from orchestrator.recovery import remains
from orchestrator.reporting.console import Console
from orchestrator.reporting.explain import in_environment, remedy
from orchestrator.runs import change_list
from orchestrator.runs.result import PipelineRunResult, Result

_DETAIL_WIDTH = 160
"""Characters of a job's description, which can be pages long; result.json has all of it."""
_STYLES = {
    "failed": "bold red",
    "rolled-back": "bold red",
    "skipped": "yellow",
    "due": "yellow",
    "not-run": "yellow",
    "unchanged": "dim",
}


def show(console: Console, result: Result, folder: Path, *, why: bool = False) -> None:
    """Print a finished run; an error comes last, where it is seen first."""
    if result.command == "plan":
        for line in change_list.stacks({stack.name: stack.changes for stack in result.stacks}):
            console.line(line)
    _stacks(console, result)
    _risks(console, result)
    if why:
        _why(console, result)
    _policy(console, result)
    for title, pipeline in result.pipelines.items():
        show_pipeline(console, title, pipeline)
    _releases(console, result)
    _smoke(console, result)
    _recovered(console, result)
    if result.orphans or (result.orphans is not None and result.command == "destroy"):
        left = remains.message(result.env, len(result.orphans)) if result.orphans else None
        console.line(f"Orphan audit: {left or 'nothing left'}")
        for arn in result.orphans:
            console.line(f"  {arn}")
    for warning in result.warnings:
        console.line(f"Warning: {warning}", style="yellow")
    console.line(f"{_headline(result)} ({result.seconds:.0f} s)")
    console.line(f"Report: {folder}")
    for line in next_steps(result):
        console.line(f"Next: {line}")
    if result.error:
        console.error(result.error.message, result.error.hint)
        known = remedy(result.error.message)
        if known:
            console.say(f"meaning: {known.meaning}")
            console.say(f"remedy: {in_environment(known.remedy, result.env)}")


def _headline(result: Result) -> str:
    applied = [stack for stack in result.stacks if stack.action in ("created", "changed", "destroyed")]
    if result.status == "preview":
        return "Preview with example values for resources that do not exist yet; it cannot be applied"
    if result.status != "ok":
        return f"{result.command} {result.env}: {result.status}, exit code {result.exit_code}"
    if result.command in ("deploy", "phase rollout") and not applied:
        return f"{result.command} {result.env}: ok, nothing changed, no terraform apply ran"
    return f"{result.command} {result.env}: ok"


def next_steps(result: Result) -> list[str]:
    """Suggest the most likely next commands."""
    env = result.env
    match result.status, result.command:
        case "ok", "deploy" | "phase rollout":
            return [f"`orchestrator outputs {env}` shows addresses, `make destroy ENV={env}` removes everything"]
        case "ok", "recover":
            return [f"`orchestrator deploy {env}` creates what is still missing"]
        case "ok" | "preview", "plan":
            return [f"`orchestrator deploy {env}` applies it"]
        case "ok", "destroy":
            return [f"`orchestrator deploy {env}` recreates it"]
        case "cancelled", _:
            return [f"`orchestrator {result.command} {env}` continues from there"]
        case "failed", _ if result.error and result.error.step:
            return [f"read logs/{result.error.step.replace(' ', '-')}.log of the report"]
    return []


def _stacks(console: Console, result: Result) -> None:
    if all(stack.action == "skipped" for stack in result.stacks):
        return  # nothing was started, and the error explains why
    rows = [
        (
            stack.name,
            stack.phase,
            stack.action,
            str(stack.added),
            str(stack.changed),
            str(stack.destroyed),
            str(stack.total),
            f"{stack.seconds:.1f}",
            stack.reason,
        )
        for stack in result.stacks
    ]
    columns = ("stack", "phase", "action", "add#", "change#", "destroy#", "resources#", "seconds#", "note")
    console.table("Stacks", columns, rows, styles=[_STYLES.get(stack.action, "") for stack in result.stacks])


def _risks(console: Console, result: Result) -> None:
    """List the risks of a plan (all of them for a single stack); for other commands, count them."""
    planned = result.command == "plan"
    lines = (
        change_list.risks(result.risks, every=len(result.stacks) == 1) if planned else change_list.counted(result.risks)
    )
    for line in lines:
        console.line(line)


def _why(console: Console, result: Result) -> None:
    """Print what each stack was compared with, and the result."""
    width = max((len(stack.name) for stack in result.stacks), default=0)
    console.line("Why", style="bold")
    for stack in result.stacks:
        console.line(f"  {stack.name:<{width}}  {'; '.join(stack.why) or stack.reason or 'not checked'}")
    console.line()


def _policy(console: Console, result: Result) -> None:
    policy = result.policy
    if policy is None:
        return
    verdict = "passed" if policy.passed else "FAILED"
    console.line(
        f"Policy gate: {verdict}, {policy.rules_ran} of {policy.rules_expected} rules ran in {policy.scans} scans, "
        f"{len(policy.findings)} findings, {policy.skipped} skipped with a reason"
    )
    rows = [(each.rule, each.severity, each.resource, each.file, each.message) for each in policy.findings]
    if rows:
        console.table("Findings", ("rule", "severity", "resource", "file", "message"), rows)
    console.line()


def show_pipeline(console: Console, title: str, pipeline: PipelineRunResult) -> None:
    """Show the steps of a pipeline, its metrics and the registered version."""
    rows = [
        (str(number), step.name, step.status, step.fidelity, f"{step.seconds:.1f}", step.detail[:_DETAIL_WIDTH])
        for number, step in enumerate(pipeline.steps, start=1)
    ]
    columns = ("no#", "step", "status", "fidelity", "seconds#", "detail")
    styles = [_STYLES.get(step.status, "") for step in pipeline.steps]
    shown = "Training pipeline" if title == "pipeline" else title.capitalize()
    console.table(f"{shown}: {pipeline.status}", columns, rows, styles=styles)
    if pipeline.metrics:
        console.line("Metrics: " + ", ".join(f"{name} {value:.4g}" for name, value in pipeline.metrics.items()))
    if pipeline.model_package_arn:
        console.line(f"Model:   {pipeline.model_package_arn}")
    console.line()


def _releases(console: Console, result: Result) -> None:
    """Print the endpoints that this run released or failed to release."""
    shown = [each for each in result.releases if each.status != "unchanged"]
    rows = [
        (each.blueprint, each.status, each.before or "-", each.now or "-", ", ".join(each.verified) or "nothing")
        for each in shown
    ]
    if rows:
        columns = ("endpoint", "verdict", "before", "now", "verified by")
        console.table("Releases", columns, rows, styles=[_STYLES.get(each.status, "") for each in shown])


def _recovered(console: Console, result: Result) -> None:
    """Print the resources that were in no state, and what was done with them."""
    rows = [
        (each.action, each.stack or "none", each.address or each.type, each.id, each.reason)
        for each in result.recovered
    ]
    if rows:
        console.table("In no state", ("action", "stack", "resource", "id", "note"), rows)
    elif result.command == "recover":
        console.line("No resources outside Terraform states were found")


def _smoke(console: Console, result: Result) -> None:
    if not result.smoke:
        return
    rows = [
        (
            probe.probe,
            probe.blueprint,
            probe.source,
            probe.method,
            f"{probe.latency_ms:.0f}",
            probe.fidelity,
            probe.status,
            probe.detail,
        )
        for probe in result.smoke
    ]
    columns = ("probe", "blueprint", "target", "method", "latency ms#", "fidelity", "verdict", "detail")
    console.table("Smoke", columns, rows, styles=[_STYLES.get(probe.status, "") for probe in result.smoke])
