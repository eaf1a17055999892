"""Unpack model archives, and let each model answer in its own process."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.errors import ModelError

log = logging.getLogger("evaluation")
PIECE = 1 << 20
TAIL_BYTES = 20_000


@dataclass(frozen=True)
class Model:
    """An unpacked model. `name` is what messages call it."""

    name: str
    folder: Path
    sha256: str


def unpack(name: str, archive: Path, target: Path) -> Model:
    """Unpack an archive into a new folder. Raises `ModelError` for anything but a tar.gz of files and folders."""
    digest = hashlib.sha256()
    try:
        with archive.open("rb") as stream:
            while piece := stream.read(PIECE):
                digest.update(piece)
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                _unpack(tar, member, target)
    except (OSError, EOFError, tarfile.TarError) as error:
        raise ModelError(f"{name}: {archive.name} cannot be unpacked: {error}") from error
    return Model(name, target, digest.hexdigest())


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    path = Path(member.name)
    if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
        raise tarfile.TarError(f"'{member.name}' is neither a file nor a folder inside of it")
    if member.isdir():
        (target / path).mkdir(parents=True, exist_ok=True)
        return
    (target / path).parent.mkdir(parents=True, exist_ok=True)
    stream = tar.extractfile(member)
    assert stream is not None  # a regular file always has one
    with (target / path).open("wb") as sink:
        shutil.copyfileobj(stream, sink)


def _libraries(model: Model) -> Path | None:
    """Install the wheels that a model's code carries, and return their folder. Models may carry different ones."""
    code, target = model.folder / "code", model.folder.with_suffix(".libraries")
    if not (code / "wheels").is_dir():
        return None
    options = ["--no-index", "--no-deps", "--find-links", "wheels", "--target", str(target)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options]
    done = subprocess.run([*command, "-r", "requirements.txt"], cwd=code, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip printed nothing"])[-1]
        raise ModelError(f"the packages of {model.name} cannot be installed: {last}")
    return target


class Prediction:
    """A model at work on all inputs; `outputs` waits for it."""

    def __init__(self, model: Model, inputs: Path) -> None:
        self._model = model
        self._target, self._log = model.folder.with_suffix(".outputs"), model.folder.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        try:
            libraries = _libraries(model)
        except ModelError as error:
            self._problem = error
            return
        # This program is a zip on this process's path; the model's process gets the same.
        path = [str(libraries)] if libraries else []
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([*path, sys.path[0]])}
        command = [sys.executable, "-m", "evaluation.predict", str(model.folder), str(inputs), str(self._target)]
        with self._log.open("wb") as sink:
            self._process = subprocess.Popen(command, env=env, stdout=sink, stderr=subprocess.STDOUT)

    def outputs(self) -> list[Any]:
        """Return an output for each input. Raises `ModelError` with the last line that the model has printed."""
        if self._process is None:
            raise self._problem
        code = self._process.wait()
        printed = self._log.read_bytes()[-TAIL_BYTES:].decode(errors="replace")
        if printed:
            log.info("%s printed:\n%s", self._model.name, printed)
        if code:
            last = next((line for line in reversed(printed.splitlines()) if line.strip()), "")
            why = last if code > 0 and last else f"its process ended with {code}"
            raise ModelError(f"{self._model.name} cannot predict the test rows: {why}")
        return [json.loads(line) for line in self._target.read_text(encoding="utf-8").split("\n") if line]
