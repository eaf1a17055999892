"""Names of columns: how the platform spells what a user's file calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.errors import PlatformError
from orchestrator.system.text_files import shown

_LONGEST = 128


def folded(name: str) -> str:
    """Spell a name as the ETL does when it looks for a column: `Petal length (cm)` is `petal_length_cm`."""
    return re.sub(r"[^0-9a-z_]+", "_", name.strip().lower()).strip("_")


def column_names(given: Sequence[str]) -> list[str | None]:
    """Return the name of each column; `None` for one without a usable name, which the ETL leaves out.

    Raises:
        PlatformError: two columns would have the same name.
    """
    names: list[str | None] = []
    places: dict[str, int] = {}
    for place, original in enumerate(given):
        name = folded(original)
        if name in places:
            other = places[name]
            raise PlatformError(
                f"columns {other + 1} and {place + 1} ({shown(given[other])}, {shown(original)}) both become `{name}`: "
                "the catalogue knows lower-case letters, digits and `_` only",
                hint="rename one of them in the file",
            )
        if name:
            places[name] = place
        # Names do not begin with a digit; the ETL ignores leading underscores.
        names.append((f"_{name}" if name[0].isdigit() else name)[:_LONGEST] if name else None)
    return names
