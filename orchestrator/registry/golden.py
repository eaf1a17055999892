"""Let an archive answer golden cases on this machine, before it is uploaded.

Its code runs as in a container, but as a process of this user: only for archives that one would run anyway.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from orchestrator.config.model.golden import GoldenCase
from orchestrator.config.yaml_source import Document, parse
from orchestrator.core.environment import base_env
from orchestrator.errors import ConfigError, SetupError, SmokeFailed
from orchestrator.smoke.answers import WrongAnswer, judge
from orchestrator.system import text_files
from orchestrator.system.text_files import Refused, bounded

_CASES = TypeAdapter(tuple[GoldenCase, ...])
_SECONDS = 600
_NOTHING_DONE = "nothing was uploaded or registered"
_TAIL = 2000


def read(path: Path) -> tuple[GoldenCase, ...]:
    """Read the cases of a YAML file: `golden`, as in a training, or `smoke.golden`, as in a blueprint.

    Raises:
        ConfigError: there are none, or one is not valid.
    """
    try:
        document = parse(str(path), text_files.read(path))
    except Refused as error:
        raise ConfigError(f"{path}: {error.rule}", hint="name a YAML file with golden cases") from error
    if not isinstance(document, Document):
        raise ConfigError("; ".join(map(str, document)), hint="name a YAML file with golden cases")
    smoke = document.data.get("smoke")
    given = document.data.get("golden", smoke.get("golden") if isinstance(smoke, dict) else None)
    try:
        cases = _CASES.validate_python(given or ())
    except ValidationError as error:
        place = error.errors()[0]
        where = ".".join(map(str, place["loc"]))
        raise ConfigError(
            f"{path}: golden case {where}: {place['msg']}", hint="see docs/reference/configuration.md"
        ) from error
    if not cases:
        raise ConfigError(f"{path} has no golden cases", hint="they are under `golden`, or `smoke.golden`")
    return cases


def check(repo: Path, archive: Path, cases: tuple[GoldenCase, ...]) -> list[str]:
    """Return what the model in an archive answers. Raises `SmokeFailed` if an answer is wrong."""
    python = repo / ".venv-jobs" / "bin" / "python"
    if not python.is_file():
        raise SetupError("golden cases need the environment of the jobs, .venv-jobs", hint="run `make setup`")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder / "model", filter="data")
        outputs = _answers(repo, python, folder, [case.input for case in cases])
    summaries = []
    for number, (case, output) in enumerate(zip(cases, outputs, strict=True), start=1):
        try:
            summaries.append(judge(case, [output], repo))
        except WrongAnswer as error:
            raise SmokeFailed(f"golden case {number}: {error}", hint=_NOTHING_DONE) from error
    return summaries


def _answers(repo: Path, python: Path, folder: Path, inputs: list[Any]) -> list[Any]:
    """Answer by the program with which evaluations let a model predict."""
    (folder / "inputs").write_text("".join(json.dumps(each) + "\n" for each in inputs), encoding="utf-8")
    packages = _packages(python, folder)
    done = _run(
        [str(python), "-m", "evaluation.predict", *(str(folder / name) for name in ("model", "inputs", "outputs"))],
        {"PYTHONPATH": f"{repo / 'jobs/evaluation'}:{packages}"},
        folder,
    )
    if done.returncode:
        last = next(
            (line for line in reversed(done.stdout.splitlines()) if line.strip()), f"exit code {done.returncode}"
        )
        raise SmokeFailed(f"the model cannot answer: {bounded(last)}", hint="nothing was uploaded or registered")
    outputs = (folder / "outputs").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in outputs if line]


def _packages(python: Path, folder: Path) -> Path:
    """Install the wheels that an archive carries, from the archive alone."""
    code, target = folder / "model" / "code", folder / "packages"
    if (code / "requirements.txt").is_file():
        command = [str(python), "-m", "pip", "install", "--quiet", "--no-index", "--find-links", "wheels"]
        done = _run([*command, "--target", str(target), "-r", "requirements.txt"], {}, code)
        if done.returncode:
            raise SmokeFailed(
                f"the packages of the archive cannot be installed here: {bounded(done.stdout[-_TAIL:].strip())}",
                hint="they are for the image's Python; import without `--golden`, and the releases probe it",
            )
    return target


def _run(command: list[str], variables: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=base_env() | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise SmokeFailed(
            f"the model has not answered within {_SECONDS} seconds", hint="import without `--golden`"
        ) from error
