"""Build Lambda zips, training sources and Glue scripts, byte for byte the same on any machine.

Terraform compares hashes, so a package may only depend on its sources: files are sorted, times and modes fixed,
contents stored instead of deflated (zlib's output differs between versions). The name of a package contains its hash,
so an upload never changes a file that a running job reads.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from orchestrator.core.package import Package
from orchestrator.errors import SetupError
from orchestrator.system import trouble

COMMON, ROUTING = "inference_common", "inference_routing"
FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    "data_validation": (COMMON,),
    "model_evaluation": (COMMON,),
    "model_artifacts": (COMMON,),
    "endpoint_probe": (COMMON,),
    "model_router": (COMMON, ROUTING),
    "token_authorizer": (COMMON,),
    "batch_submitter": (COMMON,),
    "job_api": (COMMON, ROUTING),
    "async_worker": (COMMON, ROUTING),
    "async_callback": (COMMON,),
}
"""The Python package of each function, and the shared packages in its zip."""

_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can store."""
_FILE_MODE = 0o644
_LEFT_OUT_FOLDERS = {"__pycache__", "tests"}
_LEFT_OUT_SUFFIXES = {".pyc", ".pyo"}


class SourcePackager:
    """Build every package from a checkout.

    Args:
        repo: the folder with `lambda/` and `jobs/`.
    """

    def __init__(self, repo: Path) -> None:
        self._repo = repo

    def build(self, out: Path) -> dict[str, Package]:
        """Write all packages into `out` and return them by name. Raises `SetupError` if a source is missing."""
        builders: dict[str, tuple[str, Callable[[], bytes]]] = {
            name: ("zip", partial(self._function, name)) for name in FUNCTIONS
        }
        builders["training_source"] = ("tar.gz", partial(self._model, "jobs/models/reviews"))
        builders["evaluation"] = ("zip", self._evaluation)
        builders["etl_reviews"] = ("py", self._etl)
        builders["etl_library"] = ("zip", self._etl_library)
        builders["processing_flow"] = ("zip", self._processing_flow)
        builders["feature_ingestion"] = ("py", self._feature_ingestion)
        out.mkdir(parents=True, exist_ok=True)
        return {name: _write(out, name, ending, make()) for name, (ending, make) in builders.items()}

    def _function(self, name: str) -> bytes:
        """Zip the function's package and its shared ones; Lambda calls `<name>.handler.handler`."""
        files = {
            f"{package}/{path}": content
            for package in (name, *FUNCTIONS[name])
            for path, content in _tree(self._repo / "lambda" / package).items()
        }
        if f"{name}/handler.py" not in files:
            raise SetupError(f"lambda/{name} has no handler.py")
        return _zip(files)

    def _model(self, folder: str) -> bytes:
        """Build the code archive of a model from its folder, without the tests in it."""
        files = _tree(self._repo / folder)
        for name in ("train.py", "inference.py"):
            if name not in files:
                raise SetupError(f"{folder} has no {name}")
        return _tar_gz(files)

    def _etl(self) -> bytes:
        return _read(self._repo / "jobs" / "etl" / "reviews_etl.py")

    def _etl_library(self) -> bytes:
        files = _tree(self._repo / "jobs" / "etl" / "reviews")
        return _zip({f"reviews/{path}": content for path, content in files.items()})

    def _processing_flow(self) -> bytes:
        """Build a zip that Python can run, because processing containers do not unpack it."""
        folder = self._repo / "jobs" / "processing"
        files = {f"wrangler/{path}": content for path, content in _tree(folder / "wrangler").items()}
        return _zip(files | {"__main__.py": _read(folder / "run_flow.py")})

    def _evaluation(self) -> bytes:
        folder = self._repo / "jobs" / "evaluation"
        files = {f"evaluation/{path}": content for path, content in _tree(folder / "evaluation").items()}
        return _zip(files | {"__main__.py": _read(folder / "run_evaluation.py")})

    def _feature_ingestion(self) -> bytes:
        return _read(self._repo / "jobs" / "features" / "ingest_reviews.py")


def _write(out: Path, name: str, ending: str, content: bytes) -> Package:
    digest = hashlib.sha256(content)
    path = out / f"{name}-{digest.hexdigest()[:16]}.{ending}"
    if not path.exists() or path.read_bytes() != content:
        # All environments share the folder, and another one's Terraform may be reading.
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with trouble.writing(path):
            draft.write_bytes(content)
        draft.replace(path)
    return Package(name=name, path=path, sha256_base64=base64.b64encode(digest.digest()).decode())


def _tree(folder: Path) -> dict[str, bytes]:
    """Map relative POSIX paths to contents, without tests, caches and hidden files."""
    if not folder.is_dir():
        raise SetupError(f"{folder} is missing: it is the source of a package")
    contents = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not _left_out(relative):
            contents[relative.as_posix()] = path.read_bytes()
    return contents


def _left_out(path: Path) -> bool:
    return (
        path.suffix in _LEFT_OUT_SUFFIXES
        or bool(_LEFT_OUT_FOLDERS & set(path.parts))
        or any(part.startswith(".") for part in path.parts)
    )


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise SetupError(f"{path} is missing: it is the source of a package")
    return path.read_bytes()


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.create_system = 3  # Unix, also when built elsewhere: Lambda reads the mode from here
            entry.external_attr = (0o100000 | _FILE_MODE) << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def _tar_gz(files: Mapping[str, bytes]) -> bytes:
    """Write a gzip with a stored deflate block: SageMaker requires `.tar.gz`, but no compression."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(files[name]), _FILE_MODE, 0
            archive.addfile(entry, io.BytesIO(files[name]))
    # From Python 3.11 on, gzip.compress leaves the header to zlib, which writes the operating system into it.
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=0, mtime=0) as archive_gz:
        archive_gz.write(buffer.getvalue())
    return packed.getvalue()
