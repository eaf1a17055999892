"""Render `docs/reference/inference-matrix.md`: combinations of kinds, model sources and options."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.blueprints.matrix import MATRIX
from orchestrator.config.rules.options import EXCLUSIONS, KINDS, OPTIONS, SOURCES
from tooling.docs.pages import table


def page(note: str) -> str:
    """Render all tables from the code that enforces them."""
    pairs = ((f"`{each.one}`", f"`{each.other}`", each.reason) for each in EXCLUSIONS)
    parts = [
        "# Kinds, sources and options of inference\n",
        f"{note}\n",
        "A blueprint file with a combination that is not supported is rejected before Terraform runs, with file, line, "
        "key and reason. Reasons that name a service are rules of AWS; the others are this platform's.\n",
        "## Kind and source of models\n",
        table(("kind", *SOURCES), _kinds()),
        "## Options\n",
        table(("option", "keys", *KINDS), _options()),
        table(("option", "kind", "why not"), _reasons()),
        "## Options that exclude each other\n",
        table(("key", "not with", "why not"), pairs),
    ]
    return "\n".join(parts)


def _kinds() -> Iterator[tuple[str, ...]]:
    for kind in KINDS:
        entries = (MATRIX[kind, source] for source in SOURCES)
        yield kind, *(each.meaning if each.available else f"{each.meaning} (not in this version)" for each in entries)


def _options() -> Iterator[tuple[str, ...]]:
    for name, option in OPTIONS.items():
        keys = ", ".join(f"`{key}`" for key in option.keys) or "the platform itself"
        yield f"{name}: {option.meaning}", keys, *("no" if kind in option.refused else "yes" for kind in KINDS)


def _reasons() -> Iterator[tuple[str, ...]]:
    for name, option in OPTIONS.items():
        for kind in KINDS:
            if kind in option.refused:
                yield name, kind, option.refused[kind]
