"""Build backend of a model's code: packs the modules of its folder, and needs nothing but Python."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

NAME, VERSION = "model_code", "1"
INFORMATION = f"{NAME}-{VERSION}.dist-info"
LEFT_OUT = ("wheels", "build", "__pycache__")


def build_wheel(folder: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Write the wheel and return its name, as PEP 517 defines; the working folder is the code's."""
    wheel = f"{NAME}-{VERSION}-py3-none-any.whl"
    files = {path.as_posix(): path.read_bytes() for path in sorted(Path().rglob("*")) if _is_code(path)}
    files[f"{INFORMATION}/METADATA"] = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n".encode()
    files[f"{INFORMATION}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = f"{INFORMATION}/RECORD"
    files[record] = "".join(f"{name},,\n" for name in (*files, record)).encode()
    with zipfile.ZipFile(Path(folder, wheel), "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return wheel


def _is_code(path: Path) -> bool:
    return path.is_file() and not set(LEFT_OUT) & set(path.parts)
