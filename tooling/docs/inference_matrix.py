"""Render `docs/reference/inference-matrix.md`: combinations of kinds, model sources and options."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.blueprints.matrix import MATRIX
from orchestrator.config.rules.options import EXCLUSIONS, KINDS, OPTIONS, SOURCES


def page(note: str) -> str:
    """Render all tables from the code that enforces them."""
    sources = ["| kind | " + " | ".join(SOURCES) + " |", "|---" * (len(SOURCES) + 1) + "|", *_kinds()]
    options = ["| option | keys | " + " | ".join(KINDS) + " |", "|---" * (len(KINDS) + 2) + "|", *_options()]
    reasons = ["| option | kind | why not |", "|---|---|---|", *_reasons()]
    pairs = ["| key | not with | why not |", "|---|---|---|"]
    pairs += [f"| `{each.one}` | `{each.other}` | {each.reason} |" for each in EXCLUSIONS]
    parts = [
        "# Kinds, sources and options of inference",
        note,
        "A blueprint file with a combination that is not supported is rejected before Terraform runs, with file, line, "
        "key and reason. Reasons that name a service are rules of AWS; the others are this platform's.",
        "## Kind and source of models",
        "\n".join(sources),
        "## Options",
        "\n".join(options),
        "\n".join(reasons),
        "## Options that exclude each other",
        "\n".join(pairs),
    ]
    return "\n\n".join(parts) + "\n"


def _kinds() -> Iterator[str]:
    for kind in KINDS:
        entries = (MATRIX[kind, source] for source in SOURCES)
        cells = (each.meaning if each.available else f"{each.meaning} (not in this version)" for each in entries)
        yield f"| {kind} | {' | '.join(cells)} |"


def _options() -> Iterator[str]:
    for name, option in OPTIONS.items():
        keys = ", ".join(f"`{key}`" for key in option.keys) or "the platform itself"
        cells = ("no" if kind in option.refused else "yes" for kind in KINDS)
        yield f"| {name}: {option.meaning} | {keys} | {' | '.join(cells)} |"


def _reasons() -> Iterator[str]:
    for name, option in OPTIONS.items():
        for kind in KINDS:
            if kind in option.refused:
                yield f"| {name} | {kind} | {option.refused[kind]} |"
