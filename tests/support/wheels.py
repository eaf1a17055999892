"""A package index for tests: a folder of small wheels, and the settings that make pip use nothing else."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ANY = "py3-none-any"


def write_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    tag: str = ANY,
    requires: Sequence[str] = (),
    code: str = "",
    python: str = "",
) -> Path:
    """Write a wheel with one module, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    module = name.replace("-", "_")
    information = f"{module}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in requires]
    metadata += [f"Requires-Python: {python}"] if python else []
    files = {
        f"{module}.py": code or f"VERSION = {version!r}\n",
        f"{information}/METADATA": "\n".join(metadata) + "\n",
        f"{information}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = f"{information}/RECORD"
    files[record] = "".join(f"{path},,\n" for path in (*files, record))
    path = folder / f"{module}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, content in files.items():
            wheel.writestr(zipfile.ZipInfo(member), content)
    return path


def use_only(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make pip ignore the machine's settings, and take packages from a folder alone."""
    settings = {"CONFIG_FILE": "/dev/null", "NO_INDEX": "1", "FIND_LINKS": str(folder), "NO_CACHE_DIR": "1"}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)


def use_closed_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make pip ask an index that does not answer."""
    settings = {"CONFIG_FILE": "/dev/null", "INDEX_URL": "https://127.0.0.1:9/simple", "RETRIES": "0"}
    for name in ("PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)
