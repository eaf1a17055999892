"""Release notes come from the changelog's section of the tagged version."""

from __future__ import annotations

import tomllib

import pytest

from tooling.release_notes import REPO, main, release_notes

CHANGELOG = """# Changelog

## Unreleased

## 0.2.0 - 2026-12-24

### Added

- A thing ([guide](docs/guides/a.md)), [elsewhere](https://example.com).

## 0.1.0 - 2026-12-01

- The first.
"""


def test_the_notes_are_the_section_of_the_tag() -> None:
    assert release_notes(CHANGELOG, "v0.1.0", "0.1.0") == "- The first.\n"


def test_links_to_files_lead_to_the_tagged_files() -> None:
    assert release_notes(CHANGELOG, "v0.2.0", "0.2.0", "https://github.com/o/n") == (
        "### Added\n\n- A thing ([guide](https://github.com/o/n/blob/v0.2.0/docs/guides/a.md)),"
        " [elsewhere](https://example.com).\n"
    )


@pytest.mark.parametrize(
    ("changelog", "tag", "version", "message"),
    [
        (CHANGELOG, "v0.2.0", "0.1.0", r"expected v0\.1\.0, received v0\.2\.0"),
        (CHANGELOG, "0.1.0", "0.1.0", r"expected v0\.1\.0, received 0\.1\.0"),
        (CHANGELOG, "v0.3.0", "0.3.0", r"no section \"## 0\.3\.0 - YYYY-MM-DD\""),
        (CHANGELOG.replace(" - 2026-12-24", ""), "v0.2.0", "0.2.0", "needs a date"),
        (CHANGELOG.replace("- The first.\n", ""), "v0.1.0", "0.1.0", "section of 0.1.0 is empty"),
        (CHANGELOG.replace("## Unreleased", "## Unreleased\n\n- New."), "v0.2.0", "0.2.0", "move the entries"),
    ],
)
def test_a_tag_that_cannot_be_released_is_refused(changelog: str, tag: str, version: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        release_notes(changelog, tag, version)


def test_the_changelog_has_a_dated_section_for_the_current_version(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    version = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    changelog = (REPO / "CHANGELOG.md").read_text(encoding="utf-8")
    head, _, rest = changelog.partition("## Unreleased")
    released = f"{head}## Unreleased\n\n## {rest.partition(chr(10) + '## ')[2]}"
    assert "- " in release_notes(released, f"v{version}", version)
    monkeypatch.setattr("sys.argv", ["release_notes", "v0.0.0"])
    assert main() == 1
    assert f"expected v{version}, received v0.0.0" in capsys.readouterr().err
