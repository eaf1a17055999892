"""Packages of an archive are installed once, beside those of the jobs' interpreter."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from emulator.services.sagemaker.libraries import InstallationFailed, Libraries
from tests.support.wheels import write_wheel

HEAD = "--no-index\n--find-links wheels\n"


@pytest.fixture
def libraries(tmp_path: Path) -> Libraries:
    return Libraries(tmp_path / "libraries", Path(sys.executable))


def code(folder: Path, version: str = "4.7", requirements: str = "booster") -> Path:
    write_wheel(folder / "wheels", "booster", version, requires=["pytest"])
    (folder / "requirements.txt").write_text(f"{HEAD}{requirements}\n")
    return folder


def imported(python: Path, *modules: str) -> str:
    program = f"import {', '.join(modules)}; print([str(getattr(m, 'VERSION', '')) for m in ({', '.join(modules)},)])"
    done = subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_code_without_requirements_runs_in_the_jobs_environment(libraries: Libraries, tmp_path: Path) -> None:
    assert libraries.python(tmp_path) == Path(sys.executable)


def test_the_archive_s_packages_are_added_to_those_of_the_jobs(libraries: Libraries, tmp_path: Path) -> None:
    python = libraries.python(code(tmp_path / "code"))
    assert python != Path(sys.executable)
    assert imported(python, "booster", "pytest") == "['4.7', '']"


def test_another_version_than_the_jobs_have_comes_first(libraries: Libraries, tmp_path: Path) -> None:
    folder = code(tmp_path / "code", requirements="booster\npytest==0.1")
    write_wheel(folder / "wheels", "pytest", "0.1")
    assert imported(libraries.python(folder), "pytest") == "['0.1']"
    assert imported(Path(sys.executable), "pytest") == "['']", "the jobs' environment is not changed"


def test_equal_archives_share_one_installation(libraries: Libraries, tmp_path: Path) -> None:
    folders = [code(tmp_path / name) for name in ("a", "b")] + [code(tmp_path / "c", "4.8")]
    with ThreadPoolExecutor(3) as pool:
        first, second, other = pool.map(libraries.python, folders)
    assert first == second != other
    assert (imported(first, "booster"), imported(other, "booster")) == ("['4.7']", "['4.8']")


def test_what_is_not_in_the_archive_is_not_fetched(
    libraries: Libraries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(tmp_path / "index", "frames", "1.0")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    with pytest.raises(InstallationFailed, match=r"ERROR: Could not find .* frames .*without network"):
        libraries.python(code(tmp_path / "code", requirements="frames"))


def test_a_failed_installation_is_tried_again(libraries: Libraries, tmp_path: Path) -> None:
    folder = code(tmp_path / "code", requirements="booster==4.8")
    with pytest.raises(InstallationFailed):
        libraries.python(folder)
    write_wheel(folder / "wheels", "booster", "4.8")
    assert imported(libraries.python(folder), "booster") == "['4.8']"
