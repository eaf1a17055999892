"""Print the section of CHANGELOG.md for a version tag, as release notes.

    python -m tooling.release_notes v0.1.0 [https://github.com/OWNER/NAME]

With the repository's URL, links to its files lead to the tagged version. Exits with 1 if the tag is not the version in
pyproject.toml, if the section is missing or empty, or if entries are left under "Unreleased". Needs only the standard
library, so that it runs before set-up.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
_FILE_LINK = re.compile(r"\]\((?!https?://|#|mailto:)")
_HEADING = re.compile(r"^## (?P<name>.+?)(?: - (?P<date>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)


def release_notes(changelog: str, tag: str, version: str, url: str = "") -> str:
    """Return the changelog section of a tag.

    Raises:
        ValueError: if the tag cannot be released; the message names rule, place and value.
    """
    if tag != f"v{version}":
        raise ValueError(f"the tag must be the version in pyproject.toml: expected v{version}, received {tag}")
    sections = _sections(changelog)
    if sections.get("Unreleased", ("", ""))[1]:
        raise ValueError(f'CHANGELOG.md: move the entries under "Unreleased" to the section of {version}')
    if version not in sections:
        raise ValueError(f'CHANGELOG.md: no section "## {version} - YYYY-MM-DD"')
    date, text = sections[version]
    if not date:
        raise ValueError(f'CHANGELOG.md: the section of {version} needs a date: "## {version} - YYYY-MM-DD"')
    if not text:
        raise ValueError(f"CHANGELOG.md: the section of {version} is empty")
    return (_FILE_LINK.sub(f"]({url}/blob/{tag}/", text) if url else text) + "\n"


def _sections(changelog: str) -> dict[str, tuple[str, str]]:
    """Map each section's name to its date and text."""
    headings = list(_HEADING.finditer(changelog))
    ends = [*(heading.start() for heading in headings[1:]), len(changelog)]
    return {
        heading["name"]: (heading["date"] or "", changelog[heading.end() : end].strip())
        for heading, end in zip(headings, ends, strict=True)
    }


def main() -> int:
    if len(sys.argv) not in (2, 3):
        print("usage: python -m tooling.release_notes TAG [URL]", file=sys.stderr)  # noqa: T201
        return 2
    version = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    try:
        notes = release_notes((REPO / "CHANGELOG.md").read_text(encoding="utf-8"), sys.argv[1], version, *sys.argv[2:])
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(notes, end="")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
