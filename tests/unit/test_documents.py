"""Documents: links and anchors resolve, every document is reachable from the index, every ADR has status and date."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import pytest

from tests.unit.test_repo import REPO, tracked

INDEX = "docs/README.md"
ADR = REPO / "docs" / "adr"
RECORDS = sorted(file for file in ADR.glob("*.md") if file.name != "README.md")
STATUS = re.compile(r"^- Status: (?:proposed|accepted|rejected|superseded by \d+)$", re.MULTILINE)
DATE = re.compile(r"^- Date: \d{4}-\d{2}-\d{2}$", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)")
DOCUMENTS = sorted(
    file.relative_to(REPO).as_posix()
    for file in tracked()
    if file.suffix == ".md" and not file.relative_to(REPO).parts[0].startswith(".")
)


def links(document: str) -> list[tuple[str, str]]:
    """Return the relative links of a document as (path from the root, anchor)."""
    folder = Path(document).parent
    text = (REPO / document).read_text(encoding="utf-8")
    return [
        (os.path.normpath(folder / path) if path else document, anchor or "") for path, anchor in LINK.findall(text)
    ]


@cache
def anchors(document: str) -> frozenset[str]:
    """Return the anchors of a document's headings, as GitHub generates them."""
    text = re.sub(r"^```.*?^```", "", (REPO / document).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_relative_links_lead_to_existing_files_and_headings(document: str) -> None:
    broken = [
        f"{path}#{anchor}"
        for path, anchor in links(document)
        if not (REPO / path).exists() or (anchor and path.endswith(".md") and anchor not in anchors(path))
    ]
    assert broken == []


def test_every_document_is_reachable_from_the_index() -> None:
    reached, waiting = set(), [INDEX]
    while waiting:
        document = waiting.pop()
        if document not in reached:
            reached.add(document)
            waiting += [path for path, _ in links(document) if path.endswith(".md") and (REPO / path).is_file()]
    assert [each for each in DOCUMENTS if each.startswith("docs/") and each not in reached] == []
    assert len(reached) > 50


def test_the_index_lists_every_guide_concept_reference_and_runbook_itself() -> None:
    listed = {path for path, _ in links(INDEX)}
    kinds = ("docs/concepts/", "docs/guides/", "docs/reference/", "docs/runbooks/")
    assert [each for each in DOCUMENTS if each.startswith(kinds) and each not in listed] == []


@pytest.mark.parametrize("file", RECORDS, ids=lambda file: file.name)
def test_a_decision_has_status_date_and_losing_options(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert STATUS.search(text), 'needs a line "- Status: accepted"'
    assert DATE.search(text), 'needs a line "- Date: YYYY-MM-DD"'
    for section in ("Decision", "Losing options"):
        assert re.search(rf"^## {section}$", text, re.MULTILINE), f'needs a section "## {section}"'


@pytest.mark.parametrize("file", RECORDS, ids=lambda file: file.name)
def test_the_index_of_decisions_repeats_title_status_and_date(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    heading = re.match(r"# (\d+)\. (.+)\n", text)
    status, date = STATUS.search(text), DATE.search(text)
    assert heading
    assert status
    assert date
    assert file.name.startswith(f"{int(heading[1]):04}-")
    row = f"| {heading[1]} | [{heading[2]}]({file.name}) | {status[0][10:]} | {date[0][8:]} |"
    assert row in (ADR / "README.md").read_text(encoding="utf-8")
