"""The lines that a user's requirements.txt may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.errors import ConfigError
from orchestrator.packaging.requirements import Requirement, parse, read


def written(folder: Path, text: str) -> Path:
    (folder / "requirements.txt").write_text(text, encoding="utf-8")
    return folder


def test_names_versions_extras_and_markers_are_read(tmp_path: Path) -> None:
    text = """\
# what the model needs
lightgbm==4.7.0  # the booster
Scikit_Learn >= 1.4, \\
    < 2

uvicorn[standard]>=0.30 ; python_version < "3.11"
joblib (>=1.2)
"""
    assert read(written(tmp_path, text)) == [
        Requirement("lightgbm", "lightgbm==4.7.0"),
        Requirement("scikit-learn", "Scikit_Learn >= 1.4,     < 2"),
        Requirement("uvicorn", 'uvicorn[standard]>=0.30 ; python_version < "3.11"'),
        Requirement("joblib", "joblib (>=1.2)"),
    ]


def test_a_folder_without_the_file_requires_nothing(tmp_path: Path) -> None:
    assert read(tmp_path) == []


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("--index-url https://example.com/simple", "options are not supported"),
        ("-r more.txt", "options are not supported"),
        ("-e .", "options are not supported"),
        ("lightgbm==4.7.0 --hash=sha256:00", "hashes belong into requirements.lock.txt"),
        ("https://example.com/a-1.0-py3-none-any.whl", "URLs are not supported"),
        ("git+https://example.com/a.git", "URLs are not supported"),
        ("a @ file:a.whl", "direct references are not supported"),
        ("./a-1.0-py3-none-any.whl", "paths are not supported"),
        ("light gbm", "is not a requirement"),
    ],
)
def test_a_line_that_is_not_a_name_is_refused_with_its_place(tmp_path: Path, line: str, rule: str) -> None:
    with pytest.raises(ConfigError, match=rule) as error:
        read(written(tmp_path, f"numpy\n\n{line}\n"))
    assert f"{tmp_path}/requirements.txt:3: " in error.value.message
    assert f"(received `{line}`)" in error.value.message


def test_a_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("numpy".encode("utf-16"))
    with pytest.raises(ConfigError, match="UTF-16"):
        read(tmp_path)


def test_a_requirement_is_compared_by_its_normal_name() -> None:
    assert parse("Zope.Interface>=5") == Requirement("zope-interface", "Zope.Interface>=5")
    assert parse("not a requirement") is None
