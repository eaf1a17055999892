"""The three virtual environments: the project's, checkov's (it pins an old boto3), and that of the jobs."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tooling.install.report import SetupProblem, say

PIP = ("-I", "-m", "pip", "--disable-pip-version-check", "--no-input")
MISLEADING = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
    "PIP_REQUIRE_VIRTUALENV",
    "VIRTUAL_ENV",
)
"""Variables that would send an installation somewhere else. The user's index settings stay."""

PACKAGES_STAMP = ".stamp"
PROJECT_STAMP = ".stamp-project"

NETWORK_SIGNS = ("Connection", "connection", "resolve", "timed out", "ProxyError", "SSLError", "Max retries")


@dataclass(frozen=True)
class VirtualEnv:
    """One virtual environment.

    Args:
        name: folder in the repository.
        requirements: pinned and hashed.
        project: also install the repository itself, so that its commands are there.
    """

    name: str
    requirements: str
    project: bool = False


ALL = (
    VirtualEnv(".venv", "requirements/dev.txt", project=True),
    VirtualEnv(".venv-checkov", "requirements/checkov.txt"),
    VirtualEnv(".venv-jobs", "requirements/jobs.txt"),
)


def install_all(repo: Path) -> None:
    """Install what is not current; in parallel, since each waits for the network half of the time."""
    stale = [env for env in ALL if not is_current(repo, env)]
    for env in ALL:
        if env not in stale:
            say(env.name, "is current")
    with ThreadPoolExecutor(max_workers=len(ALL)) as pool:
        running = [pool.submit(install, repo, env) for env in stale]
    for future in running:
        future.result()


def is_current(repo: Path, env: VirtualEnv) -> bool:
    return _packages_current(repo, env) and _project_current(repo, env)


def packages_fingerprint(repo: Path, env: VirtualEnv) -> str:
    """Hash what the packages depend on: Python, their list, and the folder, whose path is in their scripts."""
    requirements = (repo / env.requirements).read_text(encoding="utf-8")
    return _digest(str(repo / env.name), platform.python_version(), sys.base_prefix, requirements)


def project_fingerprint(repo: Path) -> str:
    return _digest((repo / "pyproject.toml").read_text(encoding="utf-8"))


def install(repo: Path, env: VirtualEnv) -> None:
    started = time.monotonic()
    folder = repo / env.name
    python = str(folder / "bin" / "python")
    if not _packages_current(repo, env):
        if folder.is_symlink():
            problem = f"`{env.name}` is a link to {folder.resolve()}, which set-up will not rebuild"
            raise SetupProblem(problem, hint=f"remove the link: rm {env.name}")
        # --clear: packages of an older list would otherwise stay, and hide that the new one lacks them.
        _run(repo, env, [sys.executable, "-I", "-m", "venv", "--clear", str(folder)])
        _run(repo, env, [python, *PIP, "install", "--quiet", "--require-hashes", "-r", env.requirements])
        (folder / PACKAGES_STAMP).write_text(packages_fingerprint(repo, env), encoding="ascii")
    if env.project:
        _run(repo, env, [python, *PIP, "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."])
        (folder / PROJECT_STAMP).write_text(project_fingerprint(repo), encoding="ascii")
    say(env.name, f"installed {env.requirements}", started)


def _packages_current(repo: Path, env: VirtualEnv) -> bool:
    python = repo / env.name / "bin" / "python"
    return python.exists() and _stamp(repo, env, PACKAGES_STAMP) == packages_fingerprint(repo, env)


def _project_current(repo: Path, env: VirtualEnv) -> bool:
    return not env.project or _stamp(repo, env, PROJECT_STAMP) == project_fingerprint(repo)


def _stamp(repo: Path, env: VirtualEnv, name: str) -> str | None:
    file = repo / env.name / name
    return file.read_text(encoding="ascii") if file.is_file() else None


def _digest(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in MISLEADING}


def _run(repo: Path, env: VirtualEnv, argv: list[str]) -> None:
    log = repo / ".tools" / "logs" / f"{env.name.lstrip('.')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        argv,
        cwd=repo,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    log.write_text(f"$ {' '.join(argv)}\n{done.stdout}", encoding="utf-8")
    if done.returncode:
        raise pip_problem(env, done.stdout, log)


def pip_problem(env: VirtualEnv, output: str, log: Path) -> SetupProblem:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines[-1:] or ["pip said nothing"]
    if any(sign in output for sign in NETWORK_SIGNS):
        hint = f"the package index cannot be reached: check the network and pip's settings; all of it is in {log}"
    elif "ensurepip" in output:
        hint = "on Debian and Ubuntu: `apt-get install python3-venv`"
    elif "No space left" in output:
        hint = "the disk is full: make room and run `make setup` again"
    else:
        hint = f"all of it is in {log}"
    return SetupProblem(f"{env.name} could not be made from {env.requirements}: {errors[0]}", hint=hint)
