"""Render `report.html`: one run on one self-contained page.

Pure: result and events in, text out. Error texts, addresses and other external values are escaped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from orchestrator.core.types import Json
from orchestrator.runs import change_list
from orchestrator.runs.result import Result

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; width: 100% }
th, td { border-bottom: 1px solid #d8dee4; padding: .25rem .6rem; text-align: left; vertical-align: top }
th { font-weight: 600; background: #f6f8fa } td.number { text-align: right; font-variant-numeric: tabular-nums }
pre { background: #f6f8fa; padding: .8rem; overflow-x: auto } .bad { color: #b42318; font-weight: 600 }
.bar { background: #2f6fb5; height: .8rem; border-radius: 2px } .bar.failed { background: #b42318 }
@media (prefers-color-scheme: dark) { body { background: #0d1117; color: #e6edf3 }
th, pre { background: #161b22 } th, td { border-color: #30363d } }
"""
Cell = str | int | float


def render(result: Result, events: Iterable[Json]) -> str:
    """Render the whole page.

    Args:
        events: the lines of `events.jsonl`; the timeline is drawn from the beginnings and ends of steps.
    """
    title = f"{result.command} {result.env}: {result.status}"
    parts = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style></head>',
        f"<body><h1>{escape(title)}</h1>",
        f"<p>{escape(result.run_id)}, started {escape(result.started_at)}, {result.seconds:.0f} s, "
        f"exit code {result.exit_code}</p>",
        *_error(result),
        *_stacks(result),
        *_risks(result),
        *_rest(result),
        *_timeline(events),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _error(result: Result) -> Iterator[str]:
    if result.error:
        yield f'<p class="bad">{escape(result.error.message)}</p>'
        if result.error.hint:
            yield f"<p>hint: {escape(result.error.hint)}</p>"


def _stacks(result: Result) -> Iterator[str]:
    rows = [
        (
            each.name,
            each.phase,
            each.action,
            each.added,
            each.changed,
            each.destroyed,
            each.total,
            each.seconds,
            each.reason,
        )
        for each in result.stacks
    ]
    columns = ("stack", "phase", "action", "added", "changed", "destroyed", "resources", "seconds", "note")
    yield from _table("Stacks", columns, rows)
    changes = {stack.name: stack.changes for stack in result.stacks if stack.changes}
    if changes:
        text = escape("\n".join(change_list.stacks(changes)))
        yield f"<details><summary>Changes, resource by resource</summary><pre>{text}</pre></details>"


def _risks(result: Result) -> Iterator[str]:
    rows = [(risk.kind, risk.stack, risk.resource, risk.reason) for risk in result.risks]
    yield from _table("Risks", ("class", "stack", "resource", "reason"), rows)


def _rest(result: Result) -> Iterator[str]:
    if result.policy:
        rules, expected = result.policy.rules_ran, result.policy.rules_expected
        verdict = "passed" if result.policy.passed else "FAILED"
        yield f"<h2>Policy gate</h2><p>{verdict}: {rules} of {expected} rules ran in {result.policy.scans} scans</p>"
        rows = [(each.rule, each.severity, each.resource, each.file, each.message) for each in result.policy.findings]
        yield from _table("Findings", ("rule", "severity", "resource", "file", "message"), rows)
    for title, pipeline in result.pipelines.items():
        steps = [(each.name, each.status, each.fidelity, each.seconds, each.detail) for each in pipeline.steps]
        heads = ("step", "status", "fidelity", "seconds", "detail")
        yield from _table(f"{title.capitalize()}: {pipeline.status}", heads, steps)
    endpoints = [
        (each.blueprint, each.status, each.before or "", each.now or "", ", ".join(each.verified), each.error or "")
        for each in result.releases
    ]
    yield from _table("Releases", ("endpoint", "verdict", "before", "now", "verified by", "reason"), endpoints)
    probes = [
        (each.probe, each.blueprint, each.source, each.method, each.latency_ms, each.fidelity, each.status, each.detail)
        for each in result.smoke
    ]
    columns = ("probe", "blueprint", "target", "method", "latency ms", "fidelity", "verdict", "detail")
    yield from _table("Smoke", columns, probes)


def _timeline(events: Iterable[Json]) -> Iterator[str]:
    """Draw a bar for each step, from its start to its end."""
    began: dict[str, float] = {}
    bars: list[tuple[str, float, float, str]] = []
    for event in events:
        if event.get("kind") != "step":
            continue
        name, at = str(event["step"]), dt.datetime.fromisoformat(str(event["at"])).timestamp()
        if event["status"] == "started":
            began[name] = at
        elif name in began:
            bars.append((name, began[name], at, str(event["status"])))
    if not bars:
        return
    first, last = min(bar[1] for bar in bars), max(bar[2] for bar in bars)
    whole = max(last - first, 0.001)
    yield '<h2>Timeline</h2><table><tr><th>step</th><th>seconds</th><th style="width:70%"></th></tr>'
    for name, start, end, status in sorted(bars, key=lambda bar: bar[1]):
        place = f"margin-left:{(start - first) / whole:.1%};width:{max((end - start) / whole, 0.002):.1%}"
        bar = f'<div class="bar {escape(status)}" style="{place}"></div>'
        yield f'<tr><td>{escape(name)}</td><td class="number">{end - start:.1f}</td><td>{bar}</td></tr>'
    yield "</table>"


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    if not rows:
        return
    yield f"<h2>{escape(title)}</h2><table><tr>{''.join(f'<th>{escape(column)}</th>' for column in columns)}</tr>"
    for row in rows:
        yield "<tr>" + "".join(_cell(value) for value in row) + "</tr>"
    yield "</table>"


def _cell(value: Cell) -> str:
    if isinstance(value, str):
        bad = ' class="bad"' if value in ("failed", "FAILED", "rolled-back") else ""
        return f"<td{bad}>{escape(value)}</td>"
    return f'<td class="number">{value:.1f}</td>' if isinstance(value, float) else f'<td class="number">{value}</td>'
