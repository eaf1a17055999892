"""Fill the templates in `templates/`: texts with `$name`, so that they read like the files that they become."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from string import Template

_FOLDER = Path(__file__).parent / "templates"


def filled(template: str, /, **values: str) -> str:
    """Return a template with its names replaced. Raises `KeyError` for one that is not given."""
    return _template(template).substitute(values)


@lru_cache
def _template(file: str) -> Template:
    return Template((_FOLDER / file).read_text(encoding="utf-8"))
